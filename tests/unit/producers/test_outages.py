"""A stream that is slow, out, or fails for good: what is kept, what is refused, and who is told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.errors import (
    AudioNotSent,
    OutageBufferFull,
)
from shared.metrics import MemoryMetrics, Metric
from shared.streams import Entry
from tests.support.virtual_time import run
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, RATE, TALK, assert_contiguous, producer, speak

pytestmark = pytest.mark.hermetic


def test_write_waits_while_the_stream_is_slower_than_the_audio_and_that_leaves_no_gap() -> None:
    async def main() -> None:
        stream, metrics = FlakyStream(), MemoryMetrics()
        stream.delay = 3.0
        unsent = []

        async def watch() -> None:
            while True:
                unsent.append(metrics.level(Metric.UNSENT_AUDIO) or 0)
                await asyncio.sleep(0.05)

        async with producer(stream, metrics=metrics, timeout_s=60) as talk:
            watcher = asyncio.create_task(watch())
            # The microphone keeps recording while `write` waits, and hands on what it has kept.
            for n in range(200):
                await asyncio.sleep(max(0, (n + 1) / 10 - asyncio.get_running_loop().time()))
                await talk.write(CHUNK)
            watcher.cancel()
        assert max(unsent) <= 2.0 + 0.1
        frames = await stream.frames()
        assert_contiguous(frames)
        assert sum(frame.samples for frame in frames) == 20 * RATE

    run(main())


def test_an_outage_is_buffered_and_leaves_no_hole() -> None:
    async def main() -> None:
        stream, metrics = FlakyStream(), MemoryMetrics()
        async with producer(stream, metrics=metrics) as talk:
            await speak(talk, 1)
            outage = asyncio.create_task(stream.fail_for(27))
            await speak(talk, 35)
            await outage
        frames = await stream.frames()
        assert_contiguous(frames)
        assert sum(frame.samples for frame in frames) == 36 * RATE
        assert metrics.total(Metric.PUBLISHES_REFUSED, session="talk") > 0
        assert metrics.total(Metric.AUDIO_REFUSED) == 0

    run(main())


def test_a_record_whose_answer_was_lost_is_sent_again_byte_for_byte() -> None:
    async def main() -> None:
        stream = FlakyStream()
        stream.keeps = True
        async with producer(stream) as talk:
            outage = asyncio.create_task(stream.fail_for(3))
            await speak(talk, 5)
            await outage
        frames = await stream.frames()
        once = list(dict.fromkeys((f.offset, f.payload) for f in frames))
        assert len(once) < len(frames)
        assert_contiguous([replace(frames[0], offset=offset, payload=payload) for offset, payload in once])

    run(main())


def test_a_longer_outage_refuses_live_audio_and_tells_where_the_hole_is() -> None:
    async def main() -> None:
        stream, metrics = FlakyStream(), MemoryMetrics()
        refused = 0
        async with producer(stream, metrics=metrics, outage_buffer_s=5) as talk:
            outage = asyncio.create_task(stream.fail_for(5.25))
            for _ in range(80):
                await asyncio.sleep(0.1)
                try:
                    await talk.write(CHUNK)
                except OutageBufferFull as error:
                    refused += 1
                    assert "5.0 s of audio wait for it, 0.1 s more are refused" in str(error)
            await outage
        frames = await stream.frames()
        # What had been taken is all there; what was refused is a gap of its own length at its own place.
        holes = [
            (before.offset + before.samples, after.offset)
            for before, after in itertools.pairwise(frames)
            if before.offset + before.samples != after.offset
        ]
        assert refused > 0
        assert holes == [(5 * RATE, 5 * RATE + refused * 1600)]
        assert frames[-1].offset + frames[-1].samples == 8 * RATE
        assert metrics.total(Metric.AUDIO_REFUSED) == pytest.approx(refused * 100)

    run(main())


def test_a_file_waits_for_the_stream_and_loses_nothing() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream, live=False) as talk:
            outage = asyncio.create_task(stream.fail_for(20))
            for _ in range(600):
                await talk.write(CHUNK)
            await outage
        frames = await stream.frames()
        assert_contiguous(frames)
        assert sum(frame.samples for frame in frames) == 60 * RATE

        async with producer(stream, live=False, outage_buffer_s=10, session=replace(TALK, id="other")) as talk:
            stream.out = True
            with pytest.raises(
                OutageBufferFull, match=r"refused records for 1\d\.\d s, and no more is sent \(OUTAGE_BUFFER is 10 s\)"
            ):
                while True:
                    await talk.write(CHUNK)
            taken = talk.offset
            stream.out = False
        others = [frame for frame in await stream.frames() if frame.session == "other"]
        assert_contiguous(others)
        assert sum(frame.samples for frame in others) == taken

    run(main())


def test_closing_in_an_outage_says_how_much_was_not_sent() -> None:
    async def main() -> None:
        stream = FlakyStream()
        talk = await producer(stream, timeout_s=4).open()
        stream.out = True
        await speak(talk, 2.5)
        with pytest.raises(AudioNotSent, match=r"2\.5 s of audio and the end of the session were not sent"):
            await talk.close()
        assert await stream.records() == []

    run(main())


def test_a_stream_that_fails_for_good_is_told_to_the_writer() -> None:
    class Denied(FlakyStream):
        async def publish(self, entries: Sequence[Entry]) -> None:
            raise PermissionError("access denied")

    async def main() -> None:
        talk = await producer(Denied()).open()
        with pytest.raises(PermissionError, match="access denied"):
            await speak(talk, 1)
        with pytest.raises(PermissionError, match="access denied"):
            await talk.close()

    run(main())
