"""Speakers whose clock is wrong, or is set: their audio leaps, and is heard all the same."""

from __future__ import annotations

import asyncio

import pytest

from shared.metrics import Metric
from shared.models import DeadLetter, SessionEnded
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import RATE, TranscribeHarness

pytestmark = pytest.mark.hermetic

HOUR = 3600 * RATE
#: A frame too quiet to be taken for speech, and yet not silent.
FAINT = b"\x11\x00" * 1600


def fed(harness: TranscribeHarness) -> int:
    """Audio (ms) that recognisers were fed."""
    return sum(take.position for take in harness.engine.takes)


@pytest.mark.parametrize("ahead", [40, 100, 3600, 7300, 10**6])
def test_one_frame_far_ahead_is_one_dead_letter_and_speech_goes_on_without_a_break(ahead: int) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(5, FAINT)
        place = harness.offset
        await harness.send_at(place + ahead * RATE)
        harness.offset = place
        await harness.speak(5, FAINT)
        assert [take.position for take in harness.engine.takes] == [10_000]
        assert len(harness.emitted(DeadLetter)) == 1
        assert harness.context.metrics.total(Metric.REFUSED_FRAMES) == 1
        assert not harness.emitted(SessionEnded)
        await harness.context.close()

    run(main())


@pytest.mark.parametrize("hours", [1, 2, 24])
def test_a_clock_that_is_set_hours_ahead_neither_silences_nor_ends_a_session(hours: int) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(5, bytes(3200))
        harness.offset += hours * HOUR
        await harness.speak(20, bytes(3200))
        assert fed(harness) >= 24_900
        assert len(harness.emitted(DeadLetter)) == 1
        assert not harness.emitted(SessionEnded)
        harness.engine.takes[-1].say("still here", 24_000, 24_500, final=True)
        await asyncio.sleep(0.1)
        assert (await harness.item()).heard == 24_500
        await harness.context.close()

    run(main())


@pytest.mark.parametrize("begins", [5, 5000])
def test_a_clock_that_is_set_ahead_for_a_while_and_then_right_again_costs_nothing(begins: int) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        harness.offset = begins * RATE
        await harness.speak(5, bytes(3200))
        harness.offset += HOUR
        await harness.speak(5, bytes(3200))
        harness.offset -= HOUR
        await harness.speak(10, bytes(3200))
        assert fed(harness) >= 19_500
        assert len(harness.emitted(DeadLetter)) == 1
        await harness.context.close()

    run(main())


def test_frames_that_lie_behind_in_a_gap_that_was_gone_over_are_heard_at_the_end() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(5, bytes(3200))
        harness.offset += 100 * RATE
        await harness.speak(3, bytes(3200))
        harness.offset -= 100 * RATE
        await harness.speak(10, bytes(3200))
        assert fed(harness) >= 17_500
        assert len(harness.emitted(DeadLetter)) <= 1
        await harness.context.close()

    run(main())


def test_a_frame_twenty_seconds_ahead_does_not_silence_the_twenty_seconds_before_it() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(5, FAINT)
        place = harness.offset
        await harness.send_at(place + 20 * RATE)
        harness.offset = place
        await asyncio.sleep(0.5)
        await harness.speak(10, FAINT)
        take = harness.engine.takes[0]
        assert bytes(take.heard).count(FAINT[:2]) >= (50 + 99) * 1600
        await harness.context.close()

    run(main())


def test_audio_that_was_heard_and_comes_again_is_not_said_twice() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(20, bytes(3200))
        # As by a client that does not know what came, faster than anybody speaks.
        harness.offset = 0
        for _ in range(200):
            await harness.send_at(harness.offset, bytes(3200))
        assert fed(harness) == 20_000
        assert not harness.emitted(DeadLetter)
        await harness.context.close()

    run(main())


@pytest.mark.parametrize("back", [5, 20, 55, 59])
def test_a_clock_that_steps_back_into_what_was_heard_is_one_dead_letter_and_speech_goes_on(back: int) -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(60, FAINT)
        harness.offset -= back * RATE
        await harness.speak(60, FAINT)
        assert fed(harness) == 120_000
        assert len(harness.emitted(DeadLetter)) == 1
        await harness.context.close()

    run(main())


def test_a_clock_that_steps_back_while_no_worker_is_there_silences_nobody() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open(take=3, heard=60_000, last_frame_at=EPOCH)
        await asyncio.sleep(30)
        harness.offset = 20 * RATE
        await harness.speak(60, FAINT)
        assert fed(harness) == 60_000
        assert len(harness.emitted(DeadLetter)) == 1
        await harness.context.close()

    run(main())


def test_a_speaker_who_goes_on_behind_a_mute_of_minutes_is_heard_there() -> None:
    async def main() -> None:
        for said in (0.3, 5):
            harness = await TranscribeHarness().open()
            await harness.speak(5, bytes(3200))
            await asyncio.sleep(120)
            harness.offset += 120 * RATE
            await harness.speak(said, bytes(3200))
            await asyncio.sleep(3)
            assert [take.start for take in harness.engine.takes] == [0, 125_000]
            assert fed(harness) == 5000 + said * 1000
            assert not harness.emitted(DeadLetter)
            await harness.context.close()

    run(main())


def test_a_worker_that_begins_behind_a_long_quiet_leaves_audio_where_it_is() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(600, bytes(3200))
        await old.context.close()
        harness = TranscribeHarness(store=old.store)
        await harness.context.start()
        harness.offset = 590 * RATE
        await harness.speak(5, bytes(3200))
        assert [take.start for take in harness.engine.takes] == [590_000]
        assert not harness.emitted(DeadLetter)
        await harness.context.close()

    run(main())


def test_a_worker_that_begins_on_shifted_audio_goes_on_where_it_was_heard() -> None:
    async def main() -> None:
        old = await TranscribeHarness().open()
        await old.speak(5, bytes(3200))
        old.offset += 3 * HOUR
        await old.speak(20, bytes(3200))
        old.engine.takes[-1].say("so far", 20_000, 24_000, final=True)
        await asyncio.sleep(0.1)
        await old.context.close()
        harness = TranscribeHarness(store=old.store)
        await harness.context.start()
        harness.offset = old.offset
        await harness.speak(10, bytes(3200))
        assert 24_000 <= harness.engine.takes[0].start <= 35_000
        assert fed(harness) >= 9900
        assert not harness.emitted(SessionEnded)
        await harness.context.close()

    run(main())
