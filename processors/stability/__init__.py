"""Decides what is said for good."""
