"""A table that failed is left alone for seconds, whatever a clock does meanwhile."""

from __future__ import annotations

from processors.translate.rest import Rest
from tests.support.dynamodb import SetClock


def test_it_rests_for_a_while_and_not_for_as_long_as_a_clock_steps_back() -> None:
    clock = SetClock(1_700_000_000_000)
    rest = Rest("the table cannot be read", clock)
    assert not rest.rests
    rest.failed("no answer")
    clock.pass_by(4.9)
    assert rest.rests
    clock.pass_by(0.2)
    assert not rest.rests
    rest.failed("no answer")
    clock.pass_by(-7200)
    assert not rest.rests
