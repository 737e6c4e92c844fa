"""A table that failed is left alone for seconds, whatever a clock does meanwhile."""

from __future__ import annotations

from shared.aws.circuit_breaker import CircuitBreaker
from tests.support.dynamodb import SetClock


def test_it_rests_for_a_while_and_not_for_as_long_as_a_clock_steps_back() -> None:
    clock = SetClock(1_700_000_000_000)
    rest = CircuitBreaker("the table cannot be read", clock)
    assert not rest.is_open
    rest.record_failure("no answer")
    clock.pass_by(4.9)
    assert rest.is_open
    clock.pass_by(0.2)
    assert not rest.is_open
    rest.record_failure("no answer")
    clock.pass_by(-7200)
    assert not rest.is_open
