from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest

from processors.hosts.backpressure import Backpressure
from processors.hosts.in_flight import Emission, InFlightRecord
from processors.hosts.outbox import Outbox
from processors.hosts.parking import Parking
from shared.errors import StreamUnavailable
from shared.streams import Entry, StreamName
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

TRANSLATIONS, DEAD = StreamName.TRANSLATIONS, StreamName.DEAD_LETTERS


class Publishing:
    """Takes what no test has refused, and takes a second for it where a key is slow."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self.slow: set[str] = set()
        self.taken: list[tuple[str, bytes]] = []

    async def write(self, stream: StreamName, entries: Sequence[Entry]) -> None:
        if entries[0].key in self.refused:
            raise StreamUnavailable(f"{entries[0].key} is refused")
        if entries[0].key in self.slow:
            await asyncio.sleep(1)
        self.taken += entries


class OutboxHarness:
    """An outbox, and what becomes of what is put in."""

    def __init__(self, max_park: float = 600) -> None:
        self.stream = Publishing()
        self.happened: list[str] = []
        self.diverted: list[tuple[float, bytes]] = []
        self.refuses_letters = False
        self.parking = Parking("translate talk", Backpressure(lambda error: None), max_park)
        self.outbox = Outbox(
            self.stream,  # type: ignore[arg-type]
            self.parking,
            asyncio.create_task,
            self._divert,
            lambda: None,
            lambda error: self.happened.append(str(error)),
        )

    async def _divert(self, emission: Emission, error: Exception) -> bool:
        assert emission.entry is not None
        if not self.refuses_letters:
            self.diverted.append((asyncio.get_running_loop().time(), emission.entry.data))
        return not self.refuses_letters

    def emit(self, key: str, data: bytes, stream: StreamName = TRANSLATIONS) -> None:
        self.outbox.emit(Emission(stream, Entry(key, data)))

    def ack(self) -> None:
        self.outbox.ack(InFlightRecord(StreamName.UNIQUE_SEGMENTS, lambda: self.happened.append("ack")))

    def then(self, name: str) -> None:
        async def act() -> None:
            self.happened.append(name)

        self.outbox.then(act)

    def of(self, key: str) -> list[bytes]:
        return [data for taken, data in self.stream.taken if taken == key]


async def test_nothing_of_what_is_out_is_kept_until_more_comes() -> None:
    harness = OutboxHarness()
    clip = bytes(1000)
    before = sys.getrefcount(clip)
    harness.emit("talk/es", clip, StreamName.SPEECH)
    await harness.outbox.drained()
    harness.stream.taken.clear()
    assert sys.getrefcount(clip) == before
    assert harness.parking.held == 0


def test_a_refused_language_delays_no_other_and_each_keeps_its_order() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.stream.refused.add("talk/es")
        for number in range(3):
            harness.emit("talk/es", b"es%d" % number)
            harness.emit("talk/ca", b"ca%d" % number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert harness.of("talk/ca") == [b"ca0", b"ca1", b"ca2"]
        assert harness.parking.parked
        await asyncio.sleep(60)
        harness.stream.refused.clear()
        await harness.outbox.drained()
        assert harness.of("talk/es") == [b"es0", b"es1", b"es2"]
        assert not harness.parking.parked

    run(main())


def test_actions_and_acks_wait_for_everything_put_in_before_them() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.stream.slow.add("talk/es")
        harness.then("first")
        harness.ack()
        harness.emit("talk/es", b"slow")
        harness.ack()
        harness.emit("talk/ca", b"fast")
        harness.then("last")
        await asyncio.sleep(0.5)
        assert harness.of("talk/ca") == [b"fast"]
        assert harness.happened == ["first", "ack"]
        await harness.outbox.drained()
        assert harness.happened == ["first", "ack", "ack", "last"]

    run(main())


def test_each_output_that_is_refused_for_too_long_is_diverted_in_its_turn_and_never_published() -> None:
    async def main() -> None:
        harness = OutboxHarness(max_park=600)
        harness.stream.refused.add("talk/es")
        for number in range(3):
            harness.emit("talk/es", b"es%d" % number)
            harness.ack()
            await asyncio.sleep(100)
        await asyncio.sleep(450)
        assert [data for _, data in harness.diverted] == [b"es0", b"es1"]
        assert all(number * 100 <= at - 600 <= number * 100 + 5 for number, (at, _) in enumerate(harness.diverted))
        assert harness.happened == ["ack"] * 2
        harness.stream.refused.clear()
        await harness.outbox.drained()
        assert harness.of("talk/es") == [b"es2"]

    run(main())


def test_while_no_dead_letter_is_taken_either_the_output_is_tried_on_and_only_one_of_the_two_is_written() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.refuses_letters = True
        harness.stream.refused.add("talk/es")
        harness.emit("talk/es", b"es")
        await asyncio.sleep(2000)
        assert not harness.outbox.idle
        harness.stream.refused.clear()
        await harness.outbox.drained()
        harness.refuses_letters = False
        await asyncio.sleep(700)
        assert harness.of("talk/es") == [b"es"]
        assert not harness.diverted

    run(main())


def test_a_dead_letter_is_retried_however_long_that_takes() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.stream.refused.add("talk")
        harness.emit("talk", b"letter", DEAD)
        await asyncio.sleep(5000)
        harness.stream.refused.clear()
        await harness.outbox.drained()
        assert harness.of("talk") == [b"letter"]
        assert not harness.diverted

    run(main())


def test_a_refused_key_that_holds_too_much_is_decided_on_at_once() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.stream.refused.add("talk/es")
        for _ in range(70):
            harness.emit("talk/es", bytes(1 << 20))
        await asyncio.sleep(10)
        assert len(harness.diverted) == 6
        assert not harness.parking.crowded

    run(main())


def test_what_is_fenced_says_nothing_more() -> None:
    async def main() -> None:
        harness = OutboxHarness()
        harness.stream.refused.add("talk/es")
        harness.emit("talk/es", b"es")
        harness.then("never")
        await asyncio.sleep(1)
        harness.outbox.fence()
        harness.stream.refused.clear()
        harness.emit("talk/es", b"more")
        await asyncio.sleep(100)
        await harness.outbox.close()
        assert not harness.stream.taken
        assert not harness.happened
        assert not harness.parking.parked
        assert harness.parking.held == 0

    run(main())
