"""The fixtures that every test may use, what is shown when all have run, and how properties are tried."""

import signal

from hypothesis import HealthCheck, settings

from tests.support.localstack import aws_environment, localstack, observer
from tests.support.measured import pytest_terminal_summary

__all__ = ["aws_environment", "localstack", "observer", "pytest_terminal_summary"]

# A shell that controls no jobs has what it runs in the background ignore Ctrl-C, and so would do what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine makes no property false.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
