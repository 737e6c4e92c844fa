"""A program that is started again goes on behind the number it had come to; one that joins is told what it missed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.codec import encode
from shared.models import Correction, SessionEnded, Translation, TranslationCorrection
from shared.streams import Entry, StreamName
from sinks import AudioChunk, AudioSubscriber, Caption, CaptionSubscriber, ClipMissed, Corrected, Ended, Missed
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.virtual_time import VirtualClock, run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, segment, speech, translation

pytestmark = pytest.mark.hermetic


def numbered(events: list[Any]) -> list[Any]:
    """Captions and chunks by their numbers, the rest as it is."""
    return [event.number if isinstance(event, Caption | AudioChunk) else event for event in events]


def clip(number: int) -> Any:
    return speech(number, 0, bytes(20), last=True)


def correction(first: int, last: int, text: str, revision: int = 1) -> Correction:
    return Correction(session="talk", captured_at=0, first=first, last=last, revision=revision, text=text)


def corrected_translation(number: int, text: str) -> TranslationCorrection:
    return TranslationCorrection(
        session="talk", captured_at=0, first=number, last=number, revision=1, text=text, language="es"
    )


@pytest.mark.parametrize("after", range(9))
def test_captions_go_on_behind_the_last_that_was_had(after: int) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        for number in range(1, 9):
            await harness.publish(translation(number, f"t{number}"))
        events = await harness.captions("es", after=after)
        await harness.publish(translation(9, "t9"), ended("es"))
        assert numbered(events) == [*range(after + 1, 10), Ended("ended"), "end"]
        assert [event.backlog for event in events if isinstance(event, Caption)] == [True] * (8 - after) + [False]

    run(main())


@pytest.mark.parametrize("after", range(9))
def test_speech_goes_on_behind_the_last_that_was_had(after: int) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        for number in range(1, 9):
            await harness.publish(clip(number))
        events = await harness.audio(after=after)
        await harness.publish(clip(9), ended("es"))
        assert numbered(events) == [*range(after + 1, 10), Ended("ended"), "end"]

    run(main())


def test_what_is_out_of_reach_is_told_as_missed() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        for number in range(1, 9):
            await harness.publish(translation(number, f"t{number}"), clip(number))
            await asyncio.sleep(20)
        near = await harness.captions("es", after=2), await harness.audio(after=2)
        far = await harness.captions("es", after=2, lookback_s=100), await harness.audio(after=2, lookback_s=100)
        await asyncio.sleep(10)
        assert numbered(near[0]) == [Missed(3, 6), 7, 8]
        assert numbered(near[1]) == [ClipMissed(3, 6), 7, 8]
        assert numbered(far[0]) == [Missed(3, 4), 5, 6, 7, 8]
        assert numbered(far[1]) == [ClipMissed(3, 4), 5, 6, 7, 8]

    run(main())


def test_one_that_joins_may_reach_further_back_or_not_at_all() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        for number in range(1, 9):
            await harness.publish(translation(number, f"t{number}"), clip(number))
            await asyncio.sleep(10)
        nothing = await harness.captions("es", lookback_s=0), await harness.audio(lookback_s=0)
        some = await harness.captions("es", lookback_s=25), await harness.audio(lookback_s=25)
        await asyncio.sleep(1)
        assert nothing == ([], [])
        assert numbered(some[0]) == [Missed(1, 6), 7, 8]
        assert numbered(some[1]) == [ClipMissed(1, 6), 7, 8]
        await harness.publish(translation(9, "t9"), clip(9))
        assert numbered(nothing[0]) == [Missed(1, 8), 9]
        assert numbered(nothing[1]) == [ClipMissed(1, 8), 9]

    run(main())


def test_a_correction_is_told_to_one_that_may_not_have_had_it() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(segment(1, "one"), correction(1, 1, "had"), segment(2, "two"))
        await harness.publish(correction(2, 2, "not had"), segment(3, "three"))
        events = await harness.captions(after=2)
        await asyncio.sleep(1)
        assert numbered(events) == [3, Corrected(2, 2, "not had")]

    run(main())


@pytest.mark.parametrize("language", ["es", "ca"])
def test_a_correction_is_told_also_where_translations_behind_it_are_had_or_of_another_language(language: str) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(translation(1, "uno"), translation(2, "dos"), corrected_translation(2, "no: tres"))
        await harness.publish(translation(2, "dos", language=language))
        events = await harness.captions("es", after=2)
        await asyncio.sleep(1)
        assert events == [Corrected(2, 2, "no: tres")]

    run(main())


@pytest.mark.parametrize("kind", [CaptionSubscriber, AudioSubscriber])
def test_a_number_below_none_is_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="expected `after` to be 0 or more, got -1"):
        kind(SubscriberHarness().streams, "talk", "es", after=-1)
    with pytest.raises(ValueError, match="expected `lookback_s` to be 0 s or more, got -1"):
        kind(SubscriberHarness().streams, "talk", "es", lookback_s=-1)
    with pytest.raises(ValueError, match="expected `backlog` to be 0 or more, got -1"):
        CaptionSubscriber(SubscriberHarness().streams, "talk", "es", backlog=-1)
    with pytest.raises(ValueError, match="expected `clip_timeout_s` to be 0 or more, got nan"):
        AudioSubscriber(SubscriberHarness().streams, "talk", "es", clip_timeout_s=float("nan"))


def test_what_is_said_while_a_slow_listener_joins_is_not_missed() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        stream = Wire(kinesis, delay=3.0).stream()
        events: list[Any] = []

        async def listen() -> None:
            async with CaptionSubscriber({StreamName.TRANSLATIONS: stream}, "talk", "es", clock=VirtualClock()) as read:
                events.extend([event async for event in read])

        await asyncio.sleep(5)
        listening = asyncio.create_task(listen())
        await asyncio.sleep(4)
        for number in range(1, 9):
            kinesis.stream.put("talk/es", encode(translation(number, f"t{number}")))
            await asyncio.sleep(1)
        kinesis.stream.put("talk/es", encode(ended("es")))
        await listening
        assert numbered(events) == [*range(1, 9), Ended("ended")]

    run(main())


def test_in_memory_what_is_said_before_the_first_read_is_not_missed() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        async with CaptionSubscriber(harness.streams, "talk", "es", clock=harness.clock) as captions:
            records: list[Translation | SessionEnded] = [translation(number, f"t{number}") for number in range(1, 9)]
            for record in (*records, ended("es")):
                await harness.streams[StreamName.TRANSLATIONS].publish([Entry(record.key, encode(record))])
            assert numbered([event async for event in captions]) == [*range(1, 9), Ended("ended")]

    run(main())


def test_a_number_out_of_all_reason_is_one_gap() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        captions, audio = await harness.captions("es"), await harness.audio(clip_timeout_s=5)
        await harness.publish(translation(1, "uno"), clip(1), translation(10**15, "far"), clip(10**15))
        await asyncio.sleep(6)
        assert numbered(captions) == [1, Missed(2, 10**15 - 1), 10**15]
        assert numbered(audio) == [1, ClipMissed(2, 10**15 - 1), 10**15]

    run(main())


def test_at_the_end_what_did_not_come_is_one_gap_too() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        audio = await harness.audio(clip_timeout_s=5)
        await harness.publish(clip(1), speech(2, 0, bytes(20)), clip(9), ended("es"))
        await asyncio.sleep(6)
        missed = [ClipMissed(2, 2, begun=True), ClipMissed(3, 8)]
        assert numbered(audio) == [1, 2, *missed, 9, Ended("ended"), "end"]

    run(main())
