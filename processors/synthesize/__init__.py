"""Turns translations into speech."""
