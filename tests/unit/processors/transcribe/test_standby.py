"""A worker that has lost a session waits until it may have it again."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing
from shared.models import DeadLetter, PartialResult, SessionEnded
from shared.sessions import SessionState
from tests.support.virtual_time import VirtualClock, run
from tests.unit.processors.transcribe.transcribe_harness import TranscribeHarness

pytestmark = pytest.mark.hermetic


async def pair() -> tuple[TranscribeHarness, TranscribeHarness]:
    """A session's owner, and a worker that stands by."""
    owner = await TranscribeHarness().open()
    waiting = TranscribeHarness(store=owner.store)
    waiting.context.displaced = True
    await waiting.context.start()
    return owner, waiting


async def both_hear(owner: TranscribeHarness, waiting: TranscribeHarness, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        await owner.send_at(owner.offset, bytes(3200))
        await waiting.send_at(waiting.offset, bytes(3200))
        await asyncio.sleep(0.1)


async def one_hears(harness: TranscribeHarness, seconds: float) -> None:
    await harness.speak(seconds, bytes(3200))


def test_who_stands_by_opens_nothing_while_the_owner_gets_on() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 120)
        assert not waiting.engine.takes
        assert not waiting.context.emitted
        assert (await owner.item()).take == 1
        assert not owner.context.fenced
        await owner.context.close()
        await waiting.context.close()

    run(main())


def test_what_the_owner_has_heard_is_held_no_longer() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 20)
        owner.engine.takes[0].say("so far", 0, 18_000, final=True)
        await both_hear(owner, waiting, 3)
        assert waiting.acked() == [n * 1600 for n in range(175)]
        await owner.context.close()
        await waiting.context.close()

    run(main())


def test_a_session_given_back_is_had_within_seconds_and_goes_on_where_it_was() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 10)
        owner.engine.takes[0].say("so far", 0, 6000, final=True)
        await asyncio.sleep(0.1)
        await owner.context.close(Closing.SHUTDOWN)
        assert (await owner.item()).given_back == 1
        await one_hears(waiting, 3)
        (take,) = waiting.engine.takes
        assert take.start == 5500
        take.say("and on", 600, 1500)
        await asyncio.sleep(0)
        assert [result.take for result in waiting.emitted(PartialResult)] == [2]
        await waiting.context.close()
        assert (await waiting.item()).given_back == 2

    run(main())


def test_an_owner_that_stands_still_for_thirty_seconds_loses_the_session() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 11)
        # It reads no more, and cannot tell that from a mute.
        owner.context.tip_lag = None
        await one_hears(waiting, 25)
        assert not waiting.engine.takes
        await one_hears(waiting, 10)
        assert len(waiting.engine.takes) == 1
        assert (await waiting.item()).take == 2
        await waiting.context.close()
        await owner.context.close()

    run(main())


def test_who_stands_by_takes_nothing_while_there_is_nothing_to_hear() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await one_hears(owner, 5)
        await asyncio.sleep(200)
        assert (await owner.item()).take == 1
        await owner.context.close()
        await waiting.context.close()

    run(main())


def test_who_stands_by_holds_little_of_what_has_no_words_and_takes_nothing_in_a_mute() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 300)
        kept = len(waiting.context.acked)
        # Of 300 s of silence, what its owner has not acked yet or has not told of: 10 s of each, and the look.
        assert kept >= (300 - 25) * 10
        await asyncio.sleep(200)
        assert (await owner.item()).take == 1
        assert not waiting.engine.takes
        await owner.context.close()
        await waiting.context.close()

    run(main())


def test_a_session_that_its_owner_ends_is_over_for_who_stands_by_without_a_dead_letter() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 5)
        await owner.end()
        await waiting.end()
        await asyncio.sleep(5)
        assert (await owner.item()).state is SessionState.ENDED
        assert len(waiting.context.acked) == 51
        assert not waiting.context.emitted
        waiting.offset = 0
        await one_hears(waiting, 1)
        assert not waiting.emitted(DeadLetter)
        await owner.context.close()
        await waiting.context.close()

    run(main())


def test_an_owner_that_died_with_the_end_before_it_is_followed() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 5)
        owner.context.tip_lag = None
        await waiting.end()
        await asyncio.sleep(40)
        (end,) = waiting.emitted(SessionEnded)
        assert end.take == 2
        assert len(waiting.engine.takes) == 1
        assert (await waiting.item()).state is SessionState.ENDED
        await waiting.context.close()
        await owner.context.close()

    run(main())


def test_the_end_of_a_shard_waits_for_nobody_who_stands_by_and_acks_nothing_unheard() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 5)
        await waiting.context.close(Closing.SHARD_END)
        assert not waiting.context.acked
        assert not waiting.context.emitted
        await owner.context.close()

    run(main())


def test_proposals_are_the_owners() -> None:
    async def main() -> None:
        owner, waiting = await pair()
        await both_hear(owner, waiting, 5)
        now = VirtualClock().now()
        await waiting.context.send(SessionEnded(session="talk", captured_at=now, reason="idle", proposal=True))
        assert isinstance(waiting.context.acked[0], SessionEnded)
        await owner.context.close()
        await waiting.context.close()

    run(main())
