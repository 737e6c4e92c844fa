"""What a client is told of the way to the stream: connected, refused since, unsent seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from producers import ProducerStatus
from shared.errors import AudioNotSent
from shared.streams import Entry
from tests.support.virtual_time import EPOCH, run
from tests.unit.producers.flaky_store import FlakyStore
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, producer, speak

pytestmark = pytest.mark.hermetic


def test_a_producer_that_is_not_open_is_not_connected() -> None:
    async def main() -> None:
        talk = producer(FlakyStream())
        assert talk.status == ProducerStatus(
            connected=False, refused_since=None, unsent_s=0, refusal="the producer is not open yet"
        )
        async with talk:
            assert talk.status == ProducerStatus(connected=True, refused_since=None, unsent_s=0, refusal="")
            await speak(talk, 1)
            assert talk.status.connected
        assert talk.status == ProducerStatus(
            connected=False, refused_since=None, unsent_s=0, refusal="the producer is closed already"
        )

    run(main())


def test_an_outage_is_told_with_its_beginning_and_what_waits_and_so_is_its_end() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream) as talk:
            await speak(talk, 1)
            await asyncio.sleep(0.05)
            outage = asyncio.create_task(stream.fail_for(8.05))
            await speak(talk, 5)
            status = talk.status
            assert (status.connected, status.refused_since, status.refusal) == (False, EPOCH + 1150, "throttled")
            assert status.unsent_s == pytest.approx(5)
            await speak(talk, 8)
            assert outage.done()
            assert talk.status.connected
            assert talk.status.refused_since is None
            assert talk.status.unsent_s <= 0.1

    run(main())


def test_a_stream_that_does_not_answer_takes_nothing_either() -> None:
    async def main() -> None:
        stream = FlakyStream()
        async with producer(stream, timeout_s=60) as talk:
            await speak(talk, 1)
            await asyncio.sleep(0.05)
            stream.delay = 5
            await speak(talk, 1)
            assert talk.status.connected
            assert talk.status.unsent_s == pytest.approx(1)
            await asyncio.sleep(2)
            status = talk.status
            assert (status.connected, status.refused_since) == (False, EPOCH + 1150)
            assert status.refusal == "the stream has not answered for 2 s"
            await asyncio.sleep(3)
            assert talk.status.connected

    run(main())


def test_audio_that_fills_no_frame_yet_is_unsent() -> None:
    async def main() -> None:
        async with producer(FlakyStream()) as talk:
            await talk.write(CHUNK[: len(CHUNK) // 2])
            await asyncio.sleep(1)
            assert talk.status.unsent_s == pytest.approx(0.05)
            assert talk.status.connected

    run(main())


def test_what_ends_the_sending_for_good_is_told() -> None:
    class Denied(FlakyStream):
        async def publish(self, entries: Sequence[Entry]) -> None:
            raise PermissionError("access denied")

    async def main() -> None:
        store = FlakyStore()
        over = await producer(FlakyStream(), store).open()
        await speak(over, 1)
        await store.items.end("talk", 0, 1000)
        await asyncio.sleep(10)
        assert not over.status.connected
        assert "session talk has ended" in over.status.refusal
        denied = await producer(Denied()).open()
        await denied.write(CHUNK)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert denied.status.refusal == "access denied"
        assert (denied.status.connected, denied.status.unsent_s) == (False, 0.1)
        with pytest.raises(PermissionError):
            await denied.close()
        await over.close()

    run(main())


def test_behind_a_close_in_an_outage_it_says_what_was_lost() -> None:
    async def main() -> None:
        stream = FlakyStream()
        talk = await producer(stream, timeout_s=2).open()
        stream.out = True
        await speak(talk, 1.5)
        with pytest.raises(AudioNotSent):
            await talk.close()
        assert talk.status.unsent_s == pytest.approx(1.5)
        assert not talk.status.connected
        assert talk.status.refused_since == EPOCH + 100

    run(main())
