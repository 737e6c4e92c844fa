"""What the shard's process makes of KCL's callbacks."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, NoReturn, TypeVar, cast

import pytest

from processors.hosts.kcl.shard_host import ShardHost
from shared.errors import LowLatencyTranslateError

pytestmark = [pytest.mark.hermetic, pytest.mark.kcl]

Returned = TypeVar("Returned")
SHARD = "shardId-000000000000"


class Host:
    """One whose operators do not finish what they have in hand."""

    shard = SHARD
    low_water = 7

    async def open(self, shard: str) -> None:
        assert shard == SHARD

    async def drain(self) -> None:
        raise LowLatencyTranslateError("not all of its output was taken in time")

    async def kill(self) -> None: ...


class Loop:
    """Runs what never waits."""

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        try:
            work.send(None)
        except StopIteration as stop:
            return cast("Returned", stop.value)
        raise AssertionError("it waits")

    def sleep(self, seconds: float) -> None: ...

    def time(self) -> float:
        return 0.0


def crash(error: BaseException) -> NoReturn:
    raise error


def test_a_drain_that_does_not_finish_is_checkpointed_as_far_as_it_came_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from processors.hosts.kcl.record_processor import RecordProcessor  # needs amazon_kclpy

    processor = RecordProcessor(cast("ShardHost", Host()), Loop(), crash)
    taken: list[tuple[str, int]] = []
    checkpointer = SimpleNamespace(checkpoint=lambda *mark: taken.append(mark))
    processor.initialize(SimpleNamespace(shard_id=SHARD))
    assert not processor.done
    with caplog.at_level(logging.ERROR):
        processor.shutdown_requested(SimpleNamespace(checkpointer=checkpointer))
        processor.lease_lost(SimpleNamespace())
    assert taken == [("7", 0)]
    assert (processor.done, processor.cut_short) == (False, "not all of its output was taken in time")
    (said,) = caplog.messages
    assert said == (
        f"{SHARD} was not drained; what is not checkpointed comes again: not all of its output was taken in time"
    )
