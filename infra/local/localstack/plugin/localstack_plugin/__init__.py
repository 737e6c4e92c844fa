"""Runs in LocalStack's own environment, not in ours."""
