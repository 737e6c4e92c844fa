"""A table that failed is left alone for seconds, whatever a clock does meanwhile."""

from __future__ import annotations

import pytest

from shared.aws.circuit_breaker import CircuitBreaker
from tests.support.clocks import ManualClock

pytestmark = pytest.mark.hermetic


def test_it_is_open_for_a_while_and_not_for_as_long_as_a_clock_steps_back() -> None:
    clock = ManualClock(1_700_000_000_000)
    breaker = CircuitBreaker("the table cannot be read", clock)
    assert not breaker.is_open
    breaker.record_failure("no answer")
    clock.pass_by(4.9)
    assert breaker.is_open
    clock.pass_by(0.2)
    assert not breaker.is_open
    breaker.record_failure("no answer")
    clock.pass_by(-7200)
    assert not breaker.is_open
