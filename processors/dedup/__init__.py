"""Lets every segment through once."""
