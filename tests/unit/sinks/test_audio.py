from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import encode
from shared.metrics import Metric
from shared.models import Status
from shared.streams import StreamName
from sinks import AudioChunk, ClipLeftOut, ClipMissed, Ended
from tests.support.virtual_time import run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, speech

pytestmark = pytest.mark.hermetic


def pcm(value: int, samples: int) -> bytes:
    return bytes([value, 0]) * samples


def played(events: list[object]) -> list[object]:
    """Chunks as (number, first sample, samples), the rest as it is."""
    return [(e.number, e.payload[:1], len(e.payload) // 2) if isinstance(e, AudioChunk) else e for e in events]


def test_chunks_are_played_as_they_come_in_the_order_of_their_numbers() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(1, 0, pcm(1, 100)))
        assert played(events) == [(1, b"\1", 100)]
        await harness.publish(speech(1, 100, pcm(2, 50), last=True), speech(2, 0, pcm(3, 10), last=True), ended("es"))
        assert played(events) == [(1, b"\1", 100), (1, b"\2", 50), (2, b"\3", 10), Ended("ended"), "end"]
        assert [(e.first, e.last) for e in events[:3]] == [(True, False), (False, True), (True, True)]

    run(main())


def test_chunks_are_placed_by_offset_and_repeats_dropped() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        one, two, three = speech(1, 0, pcm(1, 100)), speech(1, 100, pcm(2, 100)), speech(1, 200, pcm(3, 9), last=True)
        await harness.publish(one, three, one, two, two, three, one)
        assert played(events) == [(1, b"\1", 100), (1, b"\2", 100), (1, b"\3", 9)]

    run(main())


def test_a_newer_attempt_goes_on_at_the_same_fraction_of_the_text() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(1, 0, pcm(1, 600), tempo=1.0))
        await harness.publish(speech(1, 0, pcm(2, 100), attempt=9, tempo=1.2))
        assert len(events) == 1
        await harness.publish(speech(1, 100, pcm(3, 900), attempt=9, tempo=1.2), speech(1, 600, pcm(4, 9), last=True))
        await harness.publish(speech(1, 1000, b"", attempt=9, tempo=1.2, last=True))
        # 600 samples at tempo 1 are as much text as 500 at tempo 1.2: 500 of the 1000 are still to be heard.
        assert played(events) == [(1, b"\1", 600), (1, b"\3", 500), (1, b"", 0)]
        assert [event.first for event in events] == [True, False, False]

    run(main())


def test_a_newer_attempt_of_a_clip_that_is_complete_is_ignored() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(2, 0, pcm(5, 5), last=True), speech(1, 0, pcm(1, 5), last=True))
        await harness.publish(speech(2, 0, pcm(6, 9), attempt=9, last=True), speech(3, 0, pcm(7, 7), last=True))
        assert played(events) == [ClipMissed(1, 1), (2, b"\5", 5), (3, b"\7", 7)]

    run(main())


def test_a_clip_that_another_worker_has_begun_anew_is_heard_to_its_end_behind_the_end_of_the_session() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(1, 0, pcm(1, 100)), speech(1, 0, pcm(2, 100), attempt=9))
        await harness.publish(speech(1, 100, pcm(3, 50), last=True), ended("es"))
        assert played(events) == [(1, b"\1", 100)]
        await harness.publish(speech(1, 100, pcm(4, 50), attempt=9, last=True))
        assert played(events) == [(1, b"\1", 100), (1, b"\4", 50), Ended("ended"), "end"]

    run(main())


@given(st.lists(st.tuples(st.integers(1, 400), st.sampled_from([1.0, 1.1, 1.3])), min_size=1, max_size=6))
def test_however_often_a_clip_is_begun_anew_each_part_of_its_text_is_heard_once(
    attempts: list[tuple[int, float]],
) -> None:
    """The text is a ramp of 0 to 1; an attempt at tempo t renders it in 1000/t samples."""

    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        for attempt, (heard, tempo) in enumerate(attempts, 1):
            whole = round(1000 / tempo)
            final = attempt == len(attempts)
            samples = [round(1000 * n / whole).to_bytes(2, "little") for n in range(whole if final else heard)]
            await harness.publish(speech(1, 0, b"".join(samples), attempt=attempt, tempo=tempo, last=final))
        await harness.publish(ended("es"))
        ramp = [
            int.from_bytes(event.payload[n : n + 2], "little")
            for event in events
            if isinstance(event, AudioChunk)
            for n in range(0, len(event.payload), 2)
        ]
        steps = [after - before for before, after in pairwise(ramp)]
        assert all(-3 <= step <= 4 for step in steps)
        assert ramp[0] <= 1
        assert ramp[-1] >= 997

    run(main())


def test_one_that_joins_late_plays_only_clips_that_begin_after_it() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(speech(4, 0, pcm(1, 100)))
        events = await harness.audio()
        await harness.publish(speech(4, 100, pcm(2, 100), last=True))
        assert not events
        await harness.publish(speech(5, 0, pcm(3, 100), last=True))
        assert played(events) == [ClipMissed(1, 4), (5, b"\3", 100)]
        await harness.publish(speech(3, 0, pcm(9, 9), last=True))
        assert len(events) == 2

    run(main())


def test_a_missing_clip_delays_the_next_by_a_bounded_time() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio(clip_timeout_s=5)
        await harness.publish(speech(1, 0, pcm(1, 9), last=True), speech(3, 0, pcm(3, 9), last=True))
        await asyncio.sleep(4.9)
        assert len(events) == 1
        await asyncio.sleep(0.2)
        assert played(events) == [(1, b"\1", 9), ClipMissed(2, 2), (3, b"\3", 9)]
        await harness.publish(speech(2, 0, pcm(2, 9), last=True))
        assert len(events) == 3

    run(main())


def test_clips_that_are_missing_together_delay_the_next_no_longer_than_one() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio(clip_timeout_s=5)
        await harness.publish(speech(1, 0, pcm(1, 9), last=True), speech(5, 0, pcm(5, 9), last=True))
        await asyncio.sleep(5.1)
        assert played(events) == [(1, b"\1", 9), ClipMissed(2, 4), (5, b"\5", 9)]

    run(main())


def test_an_attempt_at_an_impossible_tempo_is_skipped_and_counted() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        odd = encode(speech(1, 0, pcm(2, 9), attempt=2, tempo=1.5)).replace(b'"tempo":1.5', b'"tempo":0.0')
        await harness.publish(speech(1, 0, pcm(1, 9)))
        await harness.publish(odd, stream=StreamName.SPEECH)
        await harness.publish(speech(1, 9, pcm(3, 9), last=True))
        assert played(events) == [(1, b"\1", 9), (1, b"\3", 9)]
        assert harness.metrics.total(Metric.UNREADABLE_RECORDS) == 1

    run(main())


def test_a_clip_that_breaks_off_does_so_too_and_silence_alone_waits_for_nothing() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio(clip_timeout_s=5)
        await harness.publish(speech(1, 0, pcm(1, 9)))
        await asyncio.sleep(60)
        await harness.publish(speech(2, 0, pcm(2, 9), last=True))
        await asyncio.sleep(4.8)
        assert len(events) == 1
        await asyncio.sleep(0.4)
        assert played(events) == [(1, b"\1", 9), ClipMissed(1, 1, begun=True), (2, b"\2", 9)]

    run(main())


def test_a_clip_that_was_left_out_is_passed_at_once_and_says_why() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(1, 0, b"", last=True, status=Status.SKIPPED), speech(2, 0, pcm(2, 9), last=True))
        assert played(events) == [ClipLeftOut(1, Status.SKIPPED), (2, b"\2", 9)]

    run(main())


def test_at_the_end_all_that_is_there_is_played() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.audio()
        await harness.publish(speech(1, 0, pcm(1, 9), last=True), speech(3, 0, pcm(3, 9), last=True), ended("ca"))
        assert len(events) == 1
        await harness.publish(ended("es"))
        assert played(events) == [(1, b"\1", 9), ClipMissed(2, 2), (3, b"\3", 9), Ended("ended"), "end"]

    run(main())
