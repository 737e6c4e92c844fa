"""Which proposals to end a session its transcriber confirms."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing
from shared.models import SessionEnded
from shared.sessions import SessionState
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import TranscribeHarness

pytestmark = pytest.mark.hermetic


def proposal(harness: TranscribeHarness) -> SessionEnded:
    return SessionEnded(session="talk", captured_at=harness.context.clock.now(), reason="idle", proposal=True)


async def silent_for(seconds: float) -> TranscribeHarness:
    """A session whose speaker said something, and then nothing for so long."""
    harness = await TranscribeHarness().open()
    await harness.speak(2, bytes(3200))
    await asyncio.sleep(seconds)
    return harness


def ended(harness: TranscribeHarness) -> list[SessionEnded]:
    return harness.emitted(SessionEnded)


def test_a_session_that_was_silent_for_idle_timeout_ends_ten_seconds_at_the_tip_behind_the_proposal() -> None:
    async def main() -> None:
        harness = await silent_for(301)
        await harness.context.send(proposal(harness))
        await asyncio.sleep(9)
        assert not ended(harness)
        await asyncio.sleep(3)
        (end,) = ended(harness)
        assert (end.reason, end.take, end.proposal) == ("idle", 1, False)
        assert (await harness.item()).state is SessionState.ENDED
        assert any(isinstance(record, SessionEnded) for record in harness.context.acked)
        await harness.context.close()

    run(main())


def test_a_speaker_who_paused_for_less_goes_on_whatever_a_sweeps_clock_says() -> None:
    async def main() -> None:
        harness = await silent_for(250)
        await harness.context.send(proposal(harness))
        assert any(isinstance(record, SessionEnded) for record in harness.context.acked)
        await asyncio.sleep(60)
        assert not ended(harness)
        await harness.context.close()

    run(main())


def test_a_frame_that_arrives_behind_the_proposal_refutes_it() -> None:
    async def main() -> None:
        harness = await silent_for(400)
        await harness.context.send(proposal(harness))
        await asyncio.sleep(8)
        await harness.speak(1, bytes(3200))
        await asyncio.sleep(60)
        assert not ended(harness)
        assert any(isinstance(record, SessionEnded) for record in harness.context.acked)
        await harness.context.close()

    run(main())


def test_a_reader_that_is_behind_ends_nothing_until_it_has_caught_up() -> None:
    async def main() -> None:
        harness = await silent_for(400)
        harness.context.tip_lag = None
        await harness.context.send(proposal(harness))
        await asyncio.sleep(600)
        assert not ended(harness)
        harness.context.tip_lag = 0.5
        await asyncio.sleep(2)
        assert len(ended(harness)) == 1
        await harness.context.close()

    run(main())


def test_a_worker_that_knows_no_frame_goes_by_the_item() -> None:
    async def main() -> None:
        for since, right in ((100, False), (400, True)):
            old = await silent_for(since)
            await old.context.close()
            harness = TranscribeHarness(store=old.store)
            await harness.context.start()
            await harness.context.send(proposal(harness))
            await asyncio.sleep(12)
            assert bool(ended(harness)) is right
            await harness.context.close()

    run(main())


def test_a_session_that_nobody_speaks_on_has_start_timeout_from_when_it_was_noticed() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await asyncio.sleep(7000)
        await harness.context.send(proposal(harness))
        assert (await harness.item()).noticed_at == EPOCH + 7_000_000
        await asyncio.sleep(3500)
        await harness.context.send(proposal(harness))
        await asyncio.sleep(60)
        assert not ended(harness)
        await asyncio.sleep(100)
        await harness.context.send(proposal(harness))
        await asyncio.sleep(12)
        assert [end.take for end in ended(harness)] == [0]
        assert (await harness.item()).state is SessionState.ENDED
        await harness.context.close()

    run(main())


def test_a_proposal_that_stands_where_the_worker_stops_is_its_next_owners() -> None:
    async def main() -> None:
        harness = await silent_for(400)
        await harness.context.send(proposal(harness))
        await asyncio.sleep(5)
        await harness.context.close(Closing.SHUTDOWN)
        assert not ended(harness)
        assert not any(isinstance(record, SessionEnded) for record in harness.context.acked)

    run(main())


def test_a_proposal_that_stands_at_the_end_of_a_shard_is_no_end() -> None:
    async def main() -> None:
        harness = await silent_for(400)
        await harness.context.send(proposal(harness))
        await harness.context.close(Closing.SHARD_END)
        assert not ended(harness)
        assert any(isinstance(record, SessionEnded) for record in harness.context.acked)

    run(main())


def test_a_speakers_own_end_is_not_weighed() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open()
        await harness.speak(2, bytes(3200))
        await harness.end()
        await asyncio.sleep(1)
        assert [end.take for end in ended(harness)] == [1]
        await harness.context.close()

    run(main())


def test_a_session_ends_by_itself_where_its_audio_is_at_its_longest_and_all_of_that_is_heard() -> None:
    async def main() -> None:
        harness = await TranscribeHarness().open(settings={"MAX_SESSION_LENGTH": "60"})
        await harness.speak(62, bytes(3200))
        await asyncio.sleep(1)
        assert [end.reason for end in ended(harness)] == ["too long"]
        assert harness.engine.takes[0].position == 60_000
        item = await harness.item()
        assert (item.state, item.heard) == (SessionState.ENDED, 60_000)
        assert len(harness.acked()) == 620
        await harness.context.close()

    run(main())
