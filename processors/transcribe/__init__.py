"""Turns audio into results."""
