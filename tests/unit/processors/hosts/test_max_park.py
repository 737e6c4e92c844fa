"""MAX_PARK: what a stream or the store refuses for so long is a dead letter, and nothing waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from processors.contract import Context, Input, Operator, Stage
from processors.hosts.local import LocalHost
from shared.codec import decode
from shared.errors import StoreUnavailable
from shared.metrics import Metric
from shared.models import DeadLetter
from shared.sessions import MemorySessionStore, Session
from tests.support.refusing_stream import ALWAYS, NEVER
from tests.support.virtual_time import run
from tests.unit.processors.hosts.local_host_harness import DEAD, SEGMENTS, UNIQUE, LocalHostHarness, numbers, segment

pytestmark = pytest.mark.hermetic

PARK = 600.0


class Asking(Operator):
    """Asks for the session's item before it passes a segment on, and notes behind it what was heard."""

    def __init__(self, context: Context, heard: list[int]) -> None:
        self._context = context
        self._heard = heard

    async def process(self, received: Input) -> None:
        record: Any = received.record
        if record.text != "without asking":
            await self._context.store.load(record.session)
        self._context.emit(UNIQUE, record)
        self._context.then(lambda: self._hear(record.number))
        self._context.ack(received)

    async def _hear(self, number: int) -> None:
        await self._context.store.advance_heard(self._context.key, 1, number)
        self._heard.append(number)


class AskingStage(Stage):
    name = "dedup"
    reads = SEGMENTS

    def __init__(self) -> None:
        self.heard: list[int] = []

    def operator(self, context: Context) -> Operator:
        return Asking(context, self.heard)


class HotStore(MemorySessionStore):
    """Refuses the item of `talk` until a time."""

    refuses_until = 0.0

    async def load(self, session: str) -> Session:
        self._check(session)
        return await super().load(session)

    async def advance_heard(self, session: str, take: int, heard: int) -> None:
        self._check(session)

    def _check(self, session: str) -> None:
        if session == "talk" and asyncio.get_running_loop().time() < self.refuses_until:
            raise StoreUnavailable("the item is refused")


async def checkpoint(harness: LocalHostHarness) -> int | None:
    marks = list((await harness.checkpoints.load("dedup", SEGMENTS)).values())
    return marks[0].sequence if marks else None


def test_outputs_refused_for_max_park_become_dead_letters_that_hold_them_and_are_never_said_later() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        harness.streams[UNIQUE].keys = {"talk"}
        harness.streams[UNIQUE].refuses = ALWAYS
        for number in range(1, 4):
            await harness.put(segment(number), segment(number, "other"))
            await asyncio.sleep(100)
        # The last is refused for less than that.
        await asyncio.sleep(PARK - 150)
        harness.streams[UNIQUE].refuses = NEVER
        await asyncio.sleep(20)
        said = [(record.session, record.number) for record in await harness.read() if record.session == "talk"]
        assert said == [("talk", 3)]
        dead_letters = await harness.read(DEAD)
        assert [(letter.session, letter.stage, letter.stream) for letter in dead_letters] == [
            ("talk", "dedup", UNIQUE)
        ] * 2
        assert numbers([decode(letter.payload) for letter in dead_letters]) == [1, 2]
        assert harness.metrics.total(Metric.DEAD_LETTERS) == 2
        assert await checkpoint(harness) is not None
        await host.stop()
        assert await checkpoint(harness) == 6

    run(main())


def test_the_end_of_a_shard_waits_for_what_is_refused_and_no_longer_than_max_park() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        harness.streams[UNIQUE].keys = {"talk"}
        harness.streams[UNIQUE].refuses = ALWAYS
        await harness.put(segment(1))
        await asyncio.sleep(1)
        shard = (await harness.streams[SEGMENTS].shards())[0].id
        harness.streams[SEGMENTS].split(shard)
        await harness.put(segment(2))
        await asyncio.sleep(PARK - 10)
        assert not any(mark.ended for mark in (await harness.checkpoints.load("dedup", SEGMENTS)).values())
        await asyncio.sleep(30)
        assert (await harness.checkpoints.load("dedup", SEGMENTS))[shard].ended
        harness.streams[UNIQUE].refuses = NEVER
        await asyncio.sleep(10)
        assert numbers(await harness.read()) == [2]
        await host.stop()

    run(main())


def hosted(harness: LocalHostHarness, store: HotStore) -> tuple[LocalHost, AskingStage]:
    harness.store = store
    stage = AskingStage()
    return harness.host([stage]), stage


async def created(sessions: Sequence[str]) -> HotStore:
    store = HotStore()
    for session in sessions:
        await store.create(Session(id=session, source_language="en", target_languages=("es",), started_at=1))
    return store


def test_inputs_that_wait_for_a_refused_item_for_max_park_become_dead_letters_and_the_others_are_said() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        store = await created(["talk", "other"])
        store.refuses_until = PARK + 150
        host, stage = hosted(harness, store)
        for number in range(1, 5):
            await harness.put(segment(number), segment(number, "other"))
            await asyncio.sleep(100)
        assert [(record.session, record.number) for record in await harness.read()] == [
            ("other", number) for number in range(1, 5)
        ]
        await asyncio.sleep(PARK)
        assert [(record.session, record.number) for record in await harness.read()] == [("talk", 3), ("talk", 4)]
        dead_letters = await harness.read(DEAD)
        assert [decode(letter.payload).number for letter in dead_letters] == [1, 2]  # type: ignore[union-attr]
        assert all(isinstance(letter, DeadLetter) and "RefusedTooLong" in letter.error for letter in dead_letters)
        assert stage.heard.count(3) == 2
        await host.stop()
        assert await checkpoint(harness) == 8

    run(main())


def test_an_action_that_is_refused_for_max_park_is_given_up_and_what_is_behind_it_goes_on() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        store = await created(["talk"])
        store.refuses_until = 5000
        host, stage = hosted(harness, store)
        for number in range(1, 4):
            await harness.put(replace(segment(number), text="without asking"))
            await asyncio.sleep(10)
        assert numbers(await harness.read()) == [1, 2, 3]
        await asyncio.sleep(PARK + 10)
        assert not stage.heard
        assert not await harness.read(DEAD)
        assert await checkpoint(harness) == 3
        await host.stop()

    run(main())


def test_how_much_is_parked_and_how_old_the_oldest_input_is_can_be_seen() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        harness.streams[UNIQUE].keys = {"talk"}
        harness.streams[UNIQUE].refuses = ALWAYS
        await asyncio.sleep(1)
        await harness.put(segment(1), segment(1, "other"))
        await asyncio.sleep(120)
        assert (harness.metrics.level(Metric.PARKED_BYTES) or 0) > 200
        assert 100 < (harness.metrics.level(Metric.LOW_WATER_AGE, stage="dedup") or 0) < 121
        harness.streams[UNIQUE].refuses = NEVER
        await asyncio.sleep(20)
        assert harness.metrics.level(Metric.PARKED_BYTES) == 0
        assert harness.metrics.level(Metric.LOW_WATER_AGE, stage="dedup") == 0
        await host.stop()

    run(main())


def test_a_host_stops_in_time_while_an_item_is_refused_and_what_waits_for_it_is_left_to_the_next() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        store = await created(["talk", "other"])
        store.refuses_until = 5000
        host, _ = hosted(harness, store)
        await harness.put(segment(1, "other"), segment(1), segment(2, "other"))
        await asyncio.sleep(5)
        begun = asyncio.get_running_loop().time()
        await host.stop()
        assert asyncio.get_running_loop().time() - begun < 25
        assert numbers(await harness.read()) == [1, 2]
        assert await checkpoint(harness) == 1
        assert not await harness.read(DEAD)

    run(main())
