"""Turns segments into translations."""
