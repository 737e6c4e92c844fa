"""A table that failed is left alone for seconds, whatever a clock does meanwhile."""

from __future__ import annotations

import asyncio

from processors.translate.rest import Rest
from tests.support.virtual_time import run


def test_it_rests_for_a_while_and_not_for_as_long_as_a_clock_steps_back() -> None:
    async def main() -> None:
        rest = Rest("the table cannot be read")
        assert not rest.rests
        rest.failed("no answer")
        await asyncio.sleep(4.9)
        assert rest.rests
        await asyncio.sleep(0.2)
        assert not rest.rests

    run(main())
