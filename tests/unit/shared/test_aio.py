"""What runs beside a block."""

from __future__ import annotations

import asyncio

import pytest

from shared.aio import beside
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


async def fail(after: float) -> None:
    await asyncio.sleep(after)
    raise OSError("of the work")


def test_the_work_is_cancelled_behind_the_block() -> None:
    async def main() -> None:
        ended = asyncio.Event()

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with beside(work()):
            await asyncio.sleep(1)
            assert not ended.is_set()
        assert ended.is_set()

    run(main())


def test_a_block_whose_work_fails_is_cancelled_and_what_failed_is_raised() -> None:
    async def main() -> None:
        with pytest.raises(OSError, match="of the work"):
            async with beside(fail(1)), asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait())
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(main())


def test_a_block_that_waits_for_nothing_any_more_is_cancelled_too() -> None:
    async def main() -> None:
        fails = asyncio.Event()

        async def work() -> None:
            await fails.wait()
            raise OSError("of the work")

        with pytest.raises(OSError, match="of the work"):
            async with beside(work()):
                await asyncio.sleep(1)
                fails.set()
        await asyncio.sleep(1)

    run(main())


def test_what_the_block_raises_is_raised_alone() -> None:
    async def main() -> None:
        with pytest.raises(ExceptionGroup) as raised:
            async with beside(fail(9)):
                raise ExceptionGroup("of the block", [ValueError()])
        assert raised.value.message == "of the block"

    run(main())


def test_who_cancels_the_block_cancels_the_whole() -> None:
    async def main() -> None:
        async def block() -> None:
            async with beside(fail(9)):
                await asyncio.Event().wait()

        running = asyncio.create_task(block())
        await asyncio.sleep(1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run(main())
