"""The fixtures that every test may use, what is left out, what is shown when all have run, and how properties are tried."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# What tests share is no test module: without this, pytest says of an assertion in it only that it failed.
pytest.register_assert_rewrite(
    "tests.support", "tests.conformance", "tests.end_to_end", "tests.unit", "tests.integration"
)

from tests.support.kcl_setup import pytest_collection_modifyitems  # noqa: E402
from tests.support.localstack import aws_environment, localstack, observer  # noqa: E402
from tests.support.measured import pytest_terminal_summary  # noqa: E402

__all__ = ["aws_environment", "localstack", "observer", "pytest_collection_modifyitems", "pytest_terminal_summary"]

# A shell that controls no jobs has what it runs in the background ignore Ctrl-C, and so would do what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine makes no property false.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
