"""The fixtures that every test may use, and what is shown when all have run."""

from tests.support.localstack import aws_environment, localstack, observer
from tests.support.measured import pytest_terminal_summary

__all__ = ["aws_environment", "localstack", "observer", "pytest_terminal_summary"]
