"""What every test may use, and is held to."""

import signal

import pytest

# What tests share is no test module: without this, pytest says of an assertion in it only that it failed.
pytest.register_assert_rewrite(
    "tests.support", "tests.conformance", "tests.end_to_end", "tests.unit", "tests.integration"
)

pytest_plugins = [
    "tests.support.effort",
    "tests.support.kcl_setup",
    "tests.support.localstack",
    "tests.support.measured",
    "tests.support.sizes",
]

# A shell that controls no jobs has what it runs in the background ignore Ctrl-C, and so would do what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
