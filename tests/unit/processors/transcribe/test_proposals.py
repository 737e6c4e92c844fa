"""Which proposals to end a session its transcriber confirms."""

from __future__ import annotations

import asyncio

from processors.contract import Closing
from shared.models import SessionEnded
from shared.sessions import SessionState
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.transcribe.transcribe_harness import TranscribeHarness


def proposal(studio: TranscribeHarness) -> SessionEnded:
    return SessionEnded(session="talk", captured_at=studio.bench.clock.now(), reason="idle", proposal=True)


async def silent_for(seconds: float) -> TranscribeHarness:
    """A session whose speaker said something, and then nothing for so long."""
    studio = await TranscribeHarness().open()
    await studio.speak(2, bytes(3200))
    await asyncio.sleep(seconds)
    return studio


def ended(studio: TranscribeHarness) -> list[SessionEnded]:
    return studio.emitted(SessionEnded)


def test_a_session_that_was_silent_for_idle_timeout_ends_ten_seconds_at_the_tip_behind_the_proposal() -> None:
    async def main() -> None:
        studio = await silent_for(301)
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(9)
        assert not ended(studio)
        await asyncio.sleep(3)
        (end,) = ended(studio)
        assert (end.reason, end.take, end.proposal) == ("idle", 1, False)
        assert (await studio.item()).state is SessionState.ENDED
        assert any(isinstance(record, SessionEnded) for record in studio.bench.released)
        await studio.bench.close()

    run(main())


def test_a_speaker_who_paused_for_less_goes_on_whatever_a_sweeps_clock_says() -> None:
    async def main() -> None:
        studio = await silent_for(250)
        await studio.bench.send(proposal(studio))
        assert any(isinstance(record, SessionEnded) for record in studio.bench.released)
        await asyncio.sleep(60)
        assert not ended(studio)
        await studio.bench.close()

    run(main())


def test_a_frame_that_arrives_behind_the_proposal_refutes_it() -> None:
    async def main() -> None:
        studio = await silent_for(400)
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(8)
        await studio.speak(1, bytes(3200))
        await asyncio.sleep(60)
        assert not ended(studio)
        assert any(isinstance(record, SessionEnded) for record in studio.bench.released)
        await studio.bench.close()

    run(main())


def test_a_reader_that_is_behind_ends_nothing_until_it_has_caught_up() -> None:
    async def main() -> None:
        studio = await silent_for(400)
        studio.bench.tip_lag = None
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(600)
        assert not ended(studio)
        studio.bench.tip_lag = 0.5
        await asyncio.sleep(2)
        assert len(ended(studio)) == 1
        await studio.bench.close()

    run(main())


def test_a_worker_that_knows_no_frame_goes_by_the_item() -> None:
    async def main() -> None:
        for since, right in ((100, False), (400, True)):
            old = await silent_for(since)
            await old.bench.close()
            studio = TranscribeHarness(store=old.store)
            await studio.bench.start()
            await studio.bench.send(proposal(studio))
            await asyncio.sleep(12)
            assert bool(ended(studio)) is right
            await studio.bench.close()

    run(main())


def test_a_session_that_nobody_speaks_on_has_start_timeout_from_when_it_was_noticed() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await asyncio.sleep(7000)
        await studio.bench.send(proposal(studio))
        assert (await studio.item()).noticed_at == EPOCH + 7_000_000
        await asyncio.sleep(3500)
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(60)
        assert not ended(studio)
        await asyncio.sleep(100)
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(12)
        assert [end.take for end in ended(studio)] == [0]
        assert (await studio.item()).state is SessionState.ENDED
        await studio.bench.close()

    run(main())


def test_a_proposal_that_stands_where_the_worker_stops_is_its_next_owners() -> None:
    async def main() -> None:
        studio = await silent_for(400)
        await studio.bench.send(proposal(studio))
        await asyncio.sleep(5)
        await studio.bench.close(Closing.SHUTDOWN)
        assert not ended(studio)
        assert not any(isinstance(record, SessionEnded) for record in studio.bench.released)

    run(main())


def test_a_proposal_that_stands_at_the_end_of_a_shard_is_no_end() -> None:
    async def main() -> None:
        studio = await silent_for(400)
        await studio.bench.send(proposal(studio))
        await studio.bench.close(Closing.SHARD_END)
        assert not ended(studio)
        assert any(isinstance(record, SessionEnded) for record in studio.bench.released)

    run(main())


def test_a_speakers_own_end_is_not_weighed() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open()
        await studio.speak(2, bytes(3200))
        await studio.end()
        await asyncio.sleep(1)
        assert [end.take for end in ended(studio)] == [1]
        await studio.bench.close()

    run(main())


def test_a_session_ends_by_itself_where_its_audio_is_at_its_longest_and_all_of_that_is_heard() -> None:
    async def main() -> None:
        studio = await TranscribeHarness().open(settings={"MAX_SESSION_LENGTH": "60"})
        await studio.speak(62, bytes(3200))
        await asyncio.sleep(1)
        assert [end.reason for end in ended(studio)] == ["too long"]
        assert studio.engine.takes[0].position == 60_000
        item = await studio.item()
        assert (item.state, item.heard) == (SessionState.ENDED, 60_000)
        assert len(studio.released()) == 620
        await studio.bench.close()

    run(main())
