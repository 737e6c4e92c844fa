"""The host of one shard: when it is past mending, and what it leaves to the next owner."""

from __future__ import annotations

import asyncio
import logging

import pytest

from processors.hosts.kcl.shard_host import DrainCutShort
from shared.codec import encode
from shared.streams import StreamName
from shared.streams.base import MAX_ENTRY_BYTES
from tests.support.refusing_stream import ALWAYS, NEVER
from tests.support.virtual_time import run
from tests.unit.processors.hosts.kcl.shard_host_harness import HOLD, ShardHostHarness, items, segment

pytestmark = pytest.mark.hermetic

#: What a stage has beyond MAX_HOLD before it counts as hung.
GRACE = 60


def test_a_backlog_that_is_worked_off_is_no_fault() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items(*["word"] * 400))
        assert await harness.wrong_within(390) is None
        assert (harness.host.low_water or 0) > 300
        await harness.host.close()

    run(main())


def test_an_operator_that_hangs_is_a_fault_though_its_neighbours_go_on() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items("hang"))
        await harness.host.feed(items(*["word"] * 200, session="neighbour"))
        assert await harness.wrong_within(HOLD + GRACE - 5) is None
        assert await harness.wrong_within(10) == "an operator has acked none of its inputs, nor ended, for 71 s"
        await harness.host.close()

    run(main())


@pytest.mark.parametrize("fused", [1, 3])
def test_an_outage_is_no_fault_however_long(fused: int) -> None:
    async def main() -> None:
        harness = ShardHostHarness(fused)
        await harness.host.open("shard-1")
        last = [StreamName.UNIQUE_SEGMENTS, StreamName.TRANSLATIONS, StreamName.SPEECH][fused - 1]
        harness.streams[last].refuses = ALWAYS
        await harness.host.feed(items(*["word"] * 5))
        await harness.host.feed(items(*["word"] * 5, session="neighbour"))
        assert await harness.wrong_within(590) is None
        assert harness.host.blocked
        harness.streams[last].refuses = NEVER
        assert await harness.wrong_within(HOLD + GRACE + 100) is None
        assert not harness.host.blocked
        assert len(await harness.read(last)) == 10
        await harness.host.close()

    run(main())


def test_an_operator_that_hangs_is_a_fault_though_a_neighbour_is_refused() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        harness.streams[StreamName.UNIQUE_SEGMENTS].refuses = ALWAYS
        await harness.host.feed(items("word", session="neighbour"))
        await harness.host.feed(items("hang"))
        assert await harness.wrong_within(HOLD + GRACE - 5) is None
        assert await harness.wrong_within(10) == "an operator has acked none of its inputs, nor ended, for 71 s"
        await harness.host.close()

    run(main())


@pytest.mark.parametrize("how", ["fence", "fence when published"])
def test_a_session_of_another_worker_is_held_and_its_neighbours_go_on(how: str) -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items(how))
        await harness.host.feed(items(*["word"] * 3, session="neighbour"))
        assert await harness.wrong_within(250) is None
        assert harness.host.low_water is None
        said = [record.session for record in await harness.read(StreamName.UNIQUE_SEGMENTS)]
        assert said.count("neighbour") == 3
        await harness.host.close()

    run(main())


def test_an_operator_that_hangs_once_it_has_its_session_again_is_a_fault() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items("fence"))
        assert await harness.wrong_within(250) is None
        await harness.host.feed(items("regain"))
        assert await harness.wrong_within(HOLD + GRACE - 5) is None
        assert await harness.wrong_within(10) == "an operator has acked none of its inputs, nor ended, for 71 s"
        await harness.host.close()

    run(main())


@pytest.mark.parametrize("text", ["hang at the end", "hold and hang at the end"])
def test_an_operator_that_hangs_at_the_shards_end_is_a_fault_and_the_end_is_not_reached(text: str) -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items(text))
        await asyncio.sleep(10)
        ending = asyncio.create_task(harness.host.end())
        assert await harness.wrong_within(HOLD + GRACE - 15) is None
        assert "nor ended, for" in (await harness.wrong_within(20) or "")
        # Longer than an idle operator is kept.
        await asyncio.sleep(600)
        assert not ending.done()
        ending.cancel()
        await harness.host.close()

    run(main())


def test_an_operator_that_fails_at_the_shards_end_with_nothing_in_hand_does_not_hold_it_up() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items("word", "word", session="fails at its end"))
        await asyncio.sleep(5)
        assert await harness.host.end()
        assert harness.host.low_water == 2
        (letter,) = await harness.read(StreamName.DEAD_LETTERS)
        assert (letter.session, letter.error) == ("fails at its end", "RuntimeError: at its end")
        await harness.host.close()

    run(main())


def test_a_record_that_no_stream_takes_once_it_has_its_hop_is_a_dead_letter() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        room = MAX_ENTRY_BYTES - len(encode(segment(""))) - len("talk")
        largest = "x" * (room - 8)
        assert len(encode(segment(largest))) < MAX_ENTRY_BYTES
        await harness.host.feed(items("before", largest, "behind"))
        await asyncio.sleep(5)
        assert harness.host.low_water == 3
        assert [record.text for record in await harness.read(StreamName.UNIQUE_SEGMENTS)] == ["before", "behind"]
        (letter,) = await harness.read(StreamName.DEAD_LETTERS)
        assert letter.session == "talk"
        assert "Segment for unique-segments: expected a record of at most 1,048,576 bytes" in letter.error
        await harness.host.close()

    run(main())


def test_what_comes_behind_a_shutdown_is_never_taken_for_done() -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.drain()
        await harness.host.feed(items("word"))
        assert not await harness.host.end()
        await harness.host.close()

    run(main())


@pytest.mark.parametrize("fused", [1, 3])
def test_a_shutdown_has_an_end_whatever_refuses(fused: int) -> None:
    async def main() -> None:
        harness = ShardHostHarness(fused)
        await harness.host.open("shard-1")
        for stream in harness.streams.values():
            stream.refuses = ALWAYS
        await harness.host.feed(items("word", "word"))
        await asyncio.sleep(5)
        began = asyncio.get_running_loop().time()
        with pytest.raises(DrainCutShort):
            await harness.host.drain()
        assert asyncio.get_running_loop().time() - began <= 13
        assert harness.host.low_water is None
        await harness.host.close()

    run(main())


def test_a_host_that_holds_as_much_as_it_may_reads_on_once_something_is_acked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("processors.hosts.backpressure.MAX_HELD_BYTES", 300)

    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        feeding = asyncio.create_task(harness.host.feed(items(*["word"] * 10)))
        await asyncio.sleep(1)
        assert not feeding.done()
        async with asyncio.timeout(12):
            await feeding
        await harness.host.close()

    run(main())


def test_the_log_of_a_dead_letter_says_nothing_of_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        harness = ShardHostHarness()
        await harness.host.open("shard-1")
        await harness.host.feed(items("raise"))
        await asyncio.sleep(5)
        await harness.host.close()

    caplog.set_level(logging.INFO)
    run(main())
    assert "stage-0: talk has a dead letter: RuntimeError" in caplog.text
    assert not any("my secret sentence" in record.getMessage() for record in caplog.records)
