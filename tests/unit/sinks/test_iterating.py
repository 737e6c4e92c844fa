"""Iterating: broken off and taken up again at any moment, and refused where it can only be a mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from shared.errors import SessionUnknown
from shared.models import Record
from shared.sessions import MemorySessionStore, Session, SessionStore
from sinks import AudioChunk, AudioSubscriber, Caption, CaptionSubscriber, Ended
from tests.support.virtual_time import run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, segment, speech, translation

pytestmark = pytest.mark.hermetic

KINDS = pytest.mark.parametrize("kind", ["captions", "translations", "speech"])
COUNT = 30


def subscriber(harness: SubscriberHarness, kind: str, store: SessionStore | None = None) -> Any:
    if kind == "speech":
        return AudioSubscriber(harness.streams, "talk", "es", store=store, clock=harness.clock)
    language = "es" if kind == "translations" else None
    return CaptionSubscriber(harness.streams, "talk", language, store=store, clock=harness.clock)


def said(kind: str, number: int) -> list[Record]:
    if kind == "speech":
        return [speech(number, 0, bytes(20)), speech(number, 10, bytes(20), last=True)]
    return [translation(number, f"t{number}") if kind == "translations" else segment(number, f"t{number}")]


async def talk(harness: SubscriberHarness, kind: str) -> None:
    for number in range(1, COUNT + 1):
        for record in said(kind, number):
            await harness.publish(record)
            await asyncio.sleep(0.02)
    await harness.publish(ended(None if kind == "captions" else "es"))


def numbers(events: list[Any]) -> list[int]:
    return [event.number for event in events if isinstance(event, Caption | AudioChunk)]


async def with_wait_for(events: list[Any], reader: Any, chance: Random) -> None:
    while True:
        try:
            events.append(await asyncio.wait_for(anext(reader), chance.uniform(0.0, 0.03)))
        except TimeoutError:
            continue
        except StopAsyncIteration:
            return


async def with_timeout_around_the_loop(events: list[Any], reader: Any, chance: Random) -> None:
    while True:
        try:
            async with asyncio.timeout(chance.uniform(0.0, 0.08)):
                async for event in reader:
                    events.append(event)
                    await asyncio.sleep(chance.choice([0, 0.005]))
            return
        except TimeoutError:
            continue


async def with_break(events: list[Any], reader: Any, chance: Random) -> None:
    while not any(isinstance(event, Ended) for event in events):
        async for event in reader:
            events.append(event)
            if chance.random() < 0.5:
                break


@KINDS
@pytest.mark.parametrize("way", [with_wait_for, with_timeout_around_the_loop, with_break])
@pytest.mark.parametrize("seed", range(5))
def test_broken_off_and_taken_up_again_nothing_is_lost_or_repeated(
    kind: str, way: Callable[[list[Any], Any, Random], Awaitable[None]], seed: int
) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        events: list[Any] = []
        async with subscriber(harness, kind) as reader:
            talking = asyncio.create_task(talk(harness, kind))
            await way(events, reader, Random(seed))
            await talking
        times = 2 if kind == "speech" else 1
        assert numbers(events) == [number for number in range(1, COUNT + 1) for _ in range(times)]
        assert events[-1] == Ended("ended")
        assert events.count(Ended("ended")) == 1

    run(main())


@KINDS
def test_behind_the_end_there_is_nothing_however_often_it_is_iterated(kind: str) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        async with subscriber(harness, kind) as reader:
            await talk(harness, kind)
            assert [event async for event in reader][-1] == Ended("ended")
            assert [event async for event in reader] == []

    run(main())


@KINDS
def test_one_that_was_not_entered_or_was_left_raises(kind: str) -> None:
    async def main() -> None:
        reader = subscriber(SubscriberHarness(), kind)
        with pytest.raises(RuntimeError, match=r"session talk: expected .* got one that was not entered"):
            await anext(reader)
        async with reader:
            pass
        with pytest.raises(RuntimeError, match=r"session talk: expected .* got one that was left"):
            await anext(reader)
        with pytest.raises(RuntimeError, match="expected a new subscriber, got one that was left"):
            await reader.__aenter__()

    run(main())


@KINDS
def test_one_that_could_not_be_entered_says_so_when_it_is_entered_again(kind: str) -> None:
    async def main() -> None:
        harness, store = SubscriberHarness(), MemorySessionStore()
        reader = subscriber(harness, kind, store)
        with pytest.raises(SessionUnknown):
            await reader.__aenter__()
        await store.create(Session(id="talk", source_language="en", target_languages=("es",)))
        with pytest.raises(RuntimeError, match="expected a new subscriber, got one that could not be entered"):
            await reader.__aenter__()

    run(main())


@KINDS
def test_of_two_that_enter_at_once_the_second_is_refused(kind: str) -> None:
    async def main() -> None:
        reader = subscriber(SubscriberHarness(), kind)
        entered: Any = await asyncio.gather(reader.__aenter__(), reader.__aenter__(), return_exceptions=True)
        assert entered[0] is reader
        assert str(entered[1]).endswith("expected a new subscriber, got one that is being entered")
        await reader.__aexit__(None, None, None)

    run(main())


@KINDS
def test_one_that_is_left_while_somebody_waits_tells_them(kind: str) -> None:
    async def main() -> None:
        async with subscriber(SubscriberHarness(), kind) as reader:
            waiting = asyncio.create_task(anext(reader))
            await asyncio.sleep(1)
        with pytest.raises(RuntimeError, match="got one that was left"):
            await waiting

    run(main())


@KINDS
def test_of_two_that_iterate_at_once_the_second_is_refused_and_the_first_goes_on(kind: str) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        async with subscriber(harness, kind) as reader:
            first = asyncio.create_task(anext(reader))
            await asyncio.sleep(1)
            with pytest.raises(RuntimeError, match="expected one iteration at a time, got a second"):
                await anext(reader)
            await harness.publish(*said(kind, 1))
            assert numbers([await first]) == [1]

    run(main())
