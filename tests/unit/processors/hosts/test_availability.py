"""When a stream or the store is taken to answer nobody."""

from __future__ import annotations

import asyncio

import pytest

from processors.hosts.availability import Availability
from processors.hosts.backpressure import Backpressure
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


def refused(reach: Availability, keys: int) -> None:
    for key in range(keys):
        reach.refused(f"talk-{key}")


def test_it_is_silent_once_every_attempt_has_failed_for_10_s_and_no_more_once_one_succeeds() -> None:
    async def main() -> None:
        reach = Availability()
        refused(reach, 20)
        await asyncio.sleep(9)
        refused(reach, 20)
        assert not reach.is_down
        await asyncio.sleep(1)
        assert reach.is_down
        reach.answered("talk-3")
        assert not reach.is_down
        refused(reach, 20)
        await asyncio.sleep(9)
        assert not reach.is_down

    run(main())


def test_a_few_refused_keys_never_silence_it() -> None:
    async def main() -> None:
        reach = Availability()
        for _ in range(60):
            refused(reach, 5)
            await asyncio.sleep(1)
        assert not reach.is_down

    run(main())


def test_a_key_that_was_answered_and_is_quiet_now_speaks_against_silence_until_it_is_refused_itself() -> None:
    async def main() -> None:
        reach = Availability()
        reach.answered("quiet")
        await asyncio.sleep(30)
        refused(reach, 20)
        await asyncio.sleep(100)
        assert not reach.is_down
        reach.refused("quiet")
        assert reach.is_down

    run(main())


def test_where_nothing_is_answered_a_batch_is_read_every_5_s_to_see_whether_that_is_still_so() -> None:
    async def main() -> None:
        pressure = Backpressure(lambda error: None)
        refused(pressure.availability("speech"), 20)
        await asyncio.sleep(10)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await pressure.until_answered()
        assert 5 <= loop.time() - begun < 5.2
        loop.call_later(1, pressure.availability("speech").answered, "talk-1")
        begun = loop.time()
        await pressure.until_answered()
        assert 0.9 < loop.time() - begun < 1.2

    run(main())
