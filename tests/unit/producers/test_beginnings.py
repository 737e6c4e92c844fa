"""A session's clock begins with the first write of whoever speaks first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.errors import SessionOver, StoreUnavailable
from tests.support.virtual_time import EPOCH, run
from tests.unit.producers.flaky_store import FlakyStore
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, RATE, TALK, assert_contiguous, producer, speak

pytestmark = pytest.mark.hermetic

#: As `llt sessions create` creates it.
NEW = replace(TALK, started_at=0)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("created", [False, True])
@pytest.mark.parametrize("wait", [0, 400, 3000])
def test_a_session_that_was_created_early_begins_with_the_first_sample(live: bool, created: bool, wait: float) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        if created:
            await store.items.create(NEW)
        async with producer(stream, store, session=NEW, live=live) as talk:
            await asyncio.sleep(wait)
            assert (await store.items.load("talk")).started_at == 0
            await speak(talk, 1)
            assert (await store.items.load("talk")).started_at == EPOCH + wait * 1000
            assert talk.session.started_at == EPOCH + wait * 1000
        assert_contiguous(await stream.frames())

    run(main())


@pytest.mark.parametrize("wait", [0, 400, 3000])
def test_a_start_that_the_caller_has_set_stays(wait: float) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        await store.items.create(TALK)
        await asyncio.sleep(wait)
        async with producer(stream, store, session=NEW) as talk:
            await speak(talk, 1)
        assert (await store.items.load("talk")).started_at == EPOCH
        assert_contiguous(await stream.frames(), first=round(wait * RATE))

    run(main())


def test_the_age_of_the_first_audio_and_its_length_lie_behind_the_start() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store, session=NEW) as talk:
            await asyncio.sleep(20)
            await talk.write(CHUNK * 25, captured_at=EPOCH + 18_000)
            assert (await store.items.load("talk")).started_at == EPOCH + 15_500
            await asyncio.sleep(10)
            await speak(talk, 1)
        frames = await stream.frames()
        assert frames[0].offset == 0
        assert frames[-1].offset + frames[-1].samples == round(15.5 * RATE)

    run(main())


def test_of_two_who_begin_the_second_stands_by_the_clock_of_the_first() -> None:
    async def main() -> None:
        first, second, store = FlakyStream(), FlakyStream(), FlakyStore()
        one = await producer(first, store, session=NEW).open()
        other = await producer(second, store, session=NEW).open()
        await speak(one, 5)
        await speak(other, 1)
        assert one.session.started_at == other.session.started_at == EPOCH
        assert_contiguous(await first.frames())
        assert_contiguous(await second.frames(), first=5 * RATE)
        await one.close()
        await other.close()

    run(main())


@pytest.mark.parametrize("keeps", [False, True])
def test_a_store_that_is_out_at_the_first_write_costs_no_audio(keeps: bool) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store, session=NEW) as talk:
            store.keeps = keeps
            outage = asyncio.create_task(store.fail_for(8))
            for n in range(200):
                # The microphone hands on what it has kept meanwhile.
                await asyncio.sleep(max(0, (n + 1) / 10 - asyncio.get_running_loop().time()))
                await talk.write(CHUNK)
            await outage
        frames = await stream.frames()
        assert_contiguous(frames)
        assert sum(frame.samples for frame in frames) == 20 * RATE
        assert (await store.items.load("talk")).started_at == EPOCH

    run(main())


@pytest.mark.parametrize("fault", ["out", "hangs"])
def test_the_first_write_waits_for_the_store_for_its_timeout_at_most(fault: str) -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store, session=NEW, timeout_s=4) as talk:
            setattr(store, fault, True)
            for _ in range(3):
                began = asyncio.get_running_loop().time()
                with pytest.raises(StoreUnavailable):
                    await talk.write(CHUNK)
                assert asyncio.get_running_loop().time() - began <= 4
            setattr(store, fault, False)
            await asyncio.sleep(0.1)
            await talk.write(CHUNK)
        # What was refused is nowhere: the session begins with what was taken.
        assert [(frame.offset, frame.samples) for frame in await stream.frames()] == [(0, 1600)]
        assert (await store.items.load("talk")).started_at == EPOCH + 12_000

    run(main())


def test_a_start_whose_every_answer_was_lost_counts_and_what_was_refused_is_a_gap() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store, session=NEW, timeout_s=4) as talk:
            store.out = store.keeps = True
            await asyncio.sleep(0.1)
            with pytest.raises(StoreUnavailable):
                await talk.write(CHUNK)
            store.out = False
            await speak(talk, 1)
        assert (await store.items.load("talk")).started_at == EPOCH
        assert_contiguous(await stream.frames(), first=round(4.1 * RATE))

    run(main())


def test_a_session_that_ended_before_anyone_spoke_is_told_to_the_first_write() -> None:
    async def main() -> None:
        stream, store = FlakyStream(), FlakyStore()
        async with producer(stream, store, session=NEW) as talk:
            await store.items.end("talk", 0, 0)
            for _ in range(2):
                with pytest.raises(SessionOver, match="choose another id"):
                    await talk.write(CHUNK)
        assert await stream.records() == []

    run(main())
