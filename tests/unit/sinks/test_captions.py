from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.codec import encode
from shared.metrics import Metric
from shared.models import Correction, Status, TranslationCorrection
from shared.streams import StreamName
from sinks import Caption, CaptionSubscriber, Corrected, Ended, Missed
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.virtual_time import EPOCH, VirtualClock, run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, segment, shown, translation, words

pytestmark = pytest.mark.hermetic


def test_captions_come_once_and_in_order_and_end_with_the_session() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        other = replace(segment(1, "elsewhere"), session="other")
        await harness.publish(
            other, segment(1, "one ."), segment(2, "two", 300), segment(1, "one ."), segment(3, "three")
        )
        await harness.publish(ended())
        assert shown(events) == [(1, "one."), (2, "two"), (3, "three"), Ended("ended"), "end"]
        assert [event.received_at >= EPOCH and not event.backlog for event in events[:3]] == [True] * 3

    run(main())


def test_a_gap_is_reported_and_goes_by() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions("es")
        await harness.publish(translation(1, "uno"), translation(4, "cuatro"), translation(2, "dos"), ended("es"))
        assert shown(events) == [(1, "uno"), Missed(2, 3), (4, "cuatro"), Ended("ended"), "end"]

    run(main())


def test_a_target_language_has_its_own_captions_and_says_why_one_is_empty() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions("es")
        await harness.publish(translation(1, "u", language="ca"), translation(1, "uno"), ended("ca"))
        await harness.publish(translation(2, "", Status.FAILED), translation(3, "", Status.UNWANTED), ended("es"))
        assert [(e.number, e.status) for e in events[:-2]] == [
            (1, Status.OK),
            (2, Status.FAILED),
            (3, Status.UNWANTED),
        ]
        assert events[-2:] == [Ended("ended"), "end"]

    run(main())


def test_one_that_joins_late_is_shown_the_last_captions_and_told_what_it_missed() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(translation(1, "long ago"))
        await asyncio.sleep(100)
        await harness.publish(*(translation(number, f"n{number}") for number in range(2, 9)))
        await asyncio.sleep(30)
        events = await harness.captions("es", backlog=2)
        await asyncio.sleep(1)
        assert shown(events) == [Missed(1, 6), (7, "n7"), (8, "n8")]
        assert all(event.backlog for event in events[1:])
        await harness.publish(translation(9, "n9"))
        assert shown(events[3:]) == [(9, "n9")]
        assert not events[3].backlog
        assert len(harness.metrics.observations(Metric.CAPTION_LATENCY)) == 1

    run(main())


def test_one_that_joins_late_over_a_slow_link_is_told_what_it_missed_too() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        stream = Wire(kinesis, delay=3.0).stream()
        for number in range(1, 9):
            kinesis.stream.put("talk/es", encode(translation(number, f"n{number}")))
        await asyncio.sleep(1)
        events = []
        async with CaptionSubscriber({StreamName.TRANSLATIONS: stream}, "talk", "es", clock=VirtualClock()) as captions:
            async for event in captions:
                events.append(event)
                if len(events) == 4:
                    kinesis.stream.put("talk/es", encode(translation(9, "n9")))
                    kinesis.stream.put("talk/es", encode(ended("es")))
        assert shown(events) == [Missed(1, 5), (6, "n6"), (7, "n7"), (8, "n8"), (9, "n9"), Ended("ended")]

    run(main())


def test_one_that_joins_in_a_silence_learns_with_the_next_caption_what_it_missed() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(segment(1, "long ago"), segment(2, "too"))
        await asyncio.sleep(200)
        events = await harness.captions()
        await asyncio.sleep(5)
        assert not events
        await harness.publish(segment(3, "now"))
        assert shown(events) == [Missed(1, 2), (3, "now")]

    run(main())


def test_the_newest_correction_of_a_range_wins() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        corrections = [
            Correction(session="talk", captured_at=0, first=1, last=2, revision=revision, text=f"r{revision}")
            for revision in (5, 4, 5, 6)
        ]
        await harness.publish(segment(1, "one"), segment(2, "two", 300), *corrections)
        assert shown(events[2:]) == [Corrected(1, 2, "r5"), Corrected(1, 2, "r6")]

    run(main())


def test_an_older_correction_of_some_of_the_same_captions_is_not_shown() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions()
        spans = [(1, 2, 5), (1, 1, 3), (2, 3, 4), (3, 3, 4), (2, 2, 6)]
        corrections = [
            Correction(session="talk", captured_at=0, first=first, last=last, revision=revision, text=f"r{revision}")
            for first, last, revision in spans
        ]
        await harness.publish(*(segment(n, str(n), 300 * n) for n in (1, 2, 3)), *corrections)
        assert shown(events[3:]) == [Corrected(1, 2, "r5"), Corrected(3, 3, "r4"), Corrected(2, 2, "r6")]

    run(main())


def test_a_translation_is_corrected_in_its_own_language_alone() -> None:
    def correction(language: str, revision: int, first: int = 2) -> TranslationCorrection:
        return TranslationCorrection(
            session="talk",
            captured_at=0,
            first=first,
            last=2,
            revision=revision,
            language=language,
            text=f"r{revision}",
        )

    async def main() -> None:
        harness = SubscriberHarness()
        await harness.publish(*(translation(number, str(number)) for number in (1, 2)), correction("es", 3, 1))
        events = await harness.captions("es", backlog=1)
        assert shown(events) == [Missed(1, 1), (2, "2")]
        await harness.publish(correction("ca", 9), correction("es", 5), correction("es", 4), correction("es", 6))
        assert shown(events[2:]) == [Corrected(2, 2, "r5"), Corrected(2, 2, "r6")]

    run(main())


def test_garbage_is_skipped_and_counted_and_a_clock_that_is_ahead_is_flagged() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events = await harness.captions("es")
        await harness.publish(b"", b"\x01\x00\x00\x00\x09garbage", stream=StreamName.TRANSLATIONS)
        await harness.publish(replace(translation(1, "uno"), captured_at=EPOCH + 10**9))
        assert shown(events) == [(1, "uno")]
        assert harness.metrics.total(Metric.UNREADABLE_RECORDS) == 2
        assert harness.metrics.total(Metric.CLOCK_SKEW_DETECTED) == 1

    run(main())


def test_a_caption_names_who_said_most_of_it_in_every_language() -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        source, spanish = await harness.captions(), await harness.captions("es")
        labels = ("spk_0", "spk_1", "spk_1", None)
        said = tuple(replace(w, speaker=s) for w, s in zip(words("so I agree ."), labels, strict=True))
        await harness.publish(segment(1, "so I agree .", words=said), segment(2, "silence"), ended())
        await harness.publish(
            replace(translation(1, "de acuerdo"), speaker="spk_1"), translation(2, "nada"), ended("es")
        )
        for events in (source, spanish):
            assert [e.speaker for e in events if isinstance(e, Caption)] == ["spk_1", None]

    run(main())
