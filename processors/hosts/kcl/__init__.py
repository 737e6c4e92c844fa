"""Runs stages in production, as applications of the Kinesis Client Library (KCL)."""
