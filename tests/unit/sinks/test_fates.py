"""What subscribers tell of their session and streams: its end and why, outages, and that there is nothing to hear."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.codec import encode
from shared.errors import SessionOver, SessionUnknown, StoreUnavailable, UnsupportedLanguage
from shared.sessions import MemorySessionStore, Session, SessionState
from shared.streams import StreamName
from sinks import AudioSubscriber, Caption, CaptionSubscriber, ClipMissed, Ended, Interrupted, Missed, Resumed
from tests.support.scripted_kinesis import Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import VirtualClock, run
from tests.unit.sinks.subscriber_harness import SubscriberHarness, ended, speech, translation

pytestmark = pytest.mark.hermetic

TALK = Session(id="talk", source_language="en", target_languages=("es", "ca"), started_at=0)
KINDS = pytest.mark.parametrize("kind", [CaptionSubscriber, AudioSubscriber])


async def collected(subscriber: Any) -> list[Any]:
    return [event async for event in subscriber]


async def joined(kind: Any, item: Session | None, language: str | None = "es", **options: Any) -> list[Any]:
    """The events of a subscriber that joins where the store has that item, once it has been over for a minute."""
    harness, store = SubscriberHarness(), MemorySessionStore()
    if item is not None:
        await store.create(item)
    await harness.publish(translation(1, "uno"), translation(2, "dos"), translation(3, "tres"))
    await harness.publish(*(speech(number, 0, bytes(20), last=True) for number in (1, 2, 3)))
    await harness.publish(ended("es"))
    async with kind(harness.streams, "talk", language, store=store, clock=harness.clock, **options) as subscriber:
        return [event async for event in subscriber]


@KINDS
@pytest.mark.parametrize("reason", ["ended", "idle", "too long", "not started"])
def test_the_end_says_why(kind: Any, reason: str) -> None:
    async def main() -> None:
        harness = SubscriberHarness()
        async with kind(harness.streams, "talk", "es", clock=harness.clock) as subscriber:
            await harness.publish(replace(ended("es"), reason=reason))
            assert [event async for event in subscriber] == [Ended(reason)]

    run(main())


@KINDS
def test_a_session_that_nobody_created_is_told_when_it_is_joined(kind: Any) -> None:
    async def main() -> None:
        with pytest.raises(SessionUnknown, match="talk"):
            await joined(kind, None)

    run(main())


@KINDS
def test_a_language_that_it_is_not_translated_into_names_those_that_it_is(kind: Any) -> None:
    async def main() -> None:
        with pytest.raises(UnsupportedLanguage, match="session talk: expected one of es, ca, got fr"):
            await joined(kind, TALK, "fr")
        with pytest.raises(UnsupportedLanguage, match="session talk: en is what is spoken"):
            await joined(kind, TALK, "en")

    run(main())


@KINDS
def test_a_session_that_has_ended_before_is_over(kind: Any) -> None:
    async def main() -> None:
        with pytest.raises(SessionOver, match="session talk has ended"):
            await joined(kind, replace(TALK, state=SessionState.ENDED))

    run(main())


@KINDS
def test_one_that_resumes_behind_the_end_still_has_what_it_had_not(kind: Any) -> None:
    async def main() -> None:
        events = await joined(kind, replace(TALK, state=SessionState.ENDED), after=1)
        assert [event.number for event in events[:-1]] == [2, 3]
        assert events[-1] == Ended("ended")

    run(main())


@KINDS
@pytest.mark.parametrize("number", [7, 20])
def test_one_that_resumes_where_the_end_is_out_of_reach_is_told_what_is_gone(kind: Any, number: int) -> None:
    async def main() -> None:
        harness, store = SubscriberHarness(), MemorySessionStore()
        await store.create(replace(TALK, state=SessionState.ENDED, number=number))
        async with kind(harness.streams, "talk", "es", store=store, after=7, clock=harness.clock) as subscriber:
            events = [event async for event in subscriber]
        gone = [(Missed if kind is CaptionSubscriber else ClipMissed)(8, 20)] if number == 20 else []
        assert events == [*gone, Ended("over")]

    run(main())


@KINDS
def test_one_that_resumes_waits_for_what_the_stages_still_have_of_a_session_that_is_over(kind: Any) -> None:
    async def main() -> None:
        harness, store = SubscriberHarness(), MemorySessionStore()
        await store.create(replace(TALK, state=SessionState.ENDED, number=3))
        async with kind(harness.streams, "talk", "es", store=store, after=1, clock=harness.clock) as subscriber:
            reading = asyncio.create_task(collected(subscriber))
            for number in (2, 3):
                await asyncio.sleep(6)
                await harness.publish(translation(number, "text"), speech(number, 0, bytes(20), last=True))
            await harness.publish(ended("es"))
            events = await reading
        assert [event.number for event in events[:-1]] == [2, 3]
        assert events[-1] == Ended("ended")

    run(main())


def test_an_outage_is_no_silence_of_a_session_that_is_over() -> None:
    async def main() -> None:
        kinesis, store = ScriptedKinesis(), MemorySessionStore()
        await store.create(replace(TALK, state=SessionState.ENDED))

        def fail(call: Call) -> Exception | None:
            return refusal("InternalFailure", status=500) if 5 <= now() < 60 else None

        kinesis.fail = fail
        streams = {StreamName.TRANSLATIONS: Wire(kinesis).stream()}
        async with CaptionSubscriber(streams, "talk", "es", store=store, after=0, clock=VirtualClock()) as captions:
            reading = asyncio.create_task(collected(captions))
            await asyncio.sleep(30)
            kinesis.stream.put("talk/es", encode(translation(1, "uno")))
            kinesis.stream.put("talk/es", encode(ended("es")))
            events = await reading
        assert [type(event) for event in events] == [Interrupted, Caption, Ended]
        assert events[-1] == Ended("ended")

    run(main())


@KINDS
def test_a_store_that_does_not_answer_is_waited_for_and_nothing_is_missed_meanwhile(kind: Any) -> None:
    class Out(MemorySessionStore):
        """Refuses for the first 30 s."""

        async def load(self, session: str) -> Session:
            if now() < 30:
                raise StoreUnavailable("out")
            return await super().load(session)

    async def main() -> None:
        harness, store = SubscriberHarness(), Out()
        await store.create(TALK)

        async def listen() -> list[Any]:
            async with kind(harness.streams, "talk", "es", store=store, clock=harness.clock) as subscriber:
                return [event async for event in subscriber]

        listening = asyncio.create_task(listen())
        await asyncio.sleep(5)
        await harness.publish(translation(1, "uno"), speech(1, 0, bytes(20), last=True), ended("es"))
        events = await listening
        assert [event.number for event in events[:-1]] == [1]
        assert events[-1] == Ended("ended")

    run(main())


def test_an_outage_and_its_end_are_told_and_nothing_is_lost() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)

        def fail(call: Call) -> Exception | None:
            return refusal("InternalFailure", status=500) if 10 <= now() < 60 else None

        kinesis.fail = fail
        streams = {StreamName.TRANSLATIONS: Wire(kinesis).stream()}
        events: list[Any] = []
        async with CaptionSubscriber(streams, "talk", "es", clock=VirtualClock()) as captions:

            async def read() -> None:
                async for event in captions:
                    seen = event.number if isinstance(event, Caption) else event
                    events.append(seen)

            reading = asyncio.create_task(read())
            for number in range(1, 9):
                kinesis.stream.put("talk/es", encode(translation(number, f"t{number}")))
                await asyncio.sleep(10)
            kinesis.stream.put("talk/es", encode(ended("es")))
            await reading
        assert [event for event in events if not isinstance(event, Interrupted | Resumed)] == [
            *range(1, 9),
            Ended("ended"),
        ]
        fates: list[Any] = [event for event in events if isinstance(event, Interrupted | Resumed)]
        assert fates == [Interrupted(), Resumed()]
        assert "InternalFailure" in fates[0].reason
        assert events.index(Interrupted()) < events.index(4)

    run(main())
