"""A listener whose clock is wrong listens, and sees the last minute as everybody does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from shared.codec import encode
from shared.streams import Entry, MemoryStream, Start, Stream, StreamName
from shared.streams.follow import Follower
from sinks import Caption, CaptionSubscriber, Ended, Missed
from tests.support.clocks import SkewedClock
from tests.support.scripted_kinesis import ScriptedKinesis, Wire, refusal
from tests.support.virtual_time import EPOCH, VirtualClock, run
from tests.unit.sinks.subscriber_harness import ended, translation

pytestmark = pytest.mark.hermetic

WRONG = pytest.mark.parametrize("ahead", [0, 7200, -7200, 400 * 86_400], ids=["right", "ahead", "behind", "a year"])
NAME = StreamName.TRANSLATIONS


def translations(kind: str) -> Stream:
    return MemoryStream(NAME, clock=VirtualClock()) if kind == "memory" else Wire(ScriptedKinesis()).stream()


async def say(stream: Stream, number: int) -> None:
    record = translation(number, f"t{number}")
    await stream.publish([Entry(record.key, encode(record))])


async def listen(streams: Mapping[StreamName, Stream], ahead: float, shown: list[object]) -> None:
    async with CaptionSubscriber(streams, "talk", "es", clock=SkewedClock(ahead)) as captions:
        async for event in captions:
            seen = (event.number, event.backlog) if isinstance(event, Caption) else event
            shown.append(seen)
    shown.append("end")


@WRONG
@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside another listener"])
@pytest.mark.parametrize("kind", ["memory", "kinesis"])
def test_it_is_shown_the_last_minute_and_all_that_follows(kind: str, ahead: float, *, others: bool) -> None:
    async def main() -> None:
        stream = translations(kind)
        tasks = [asyncio.create_task(listen({NAME: stream}, 0, []))] if others else []
        await asyncio.sleep(1)
        await say(stream, 1)
        await asyncio.sleep(100)
        await say(stream, 2)
        await asyncio.sleep(20)
        shown: list[object] = []
        tasks.append(asyncio.create_task(listen({NAME: stream}, ahead, shown)))
        await asyncio.sleep(5)
        assert shown == [Missed(1, 1), (2, True)]
        await say(stream, 3)
        await stream.publish([Entry("talk/es", encode(ended("es")))])
        await asyncio.sleep(5)
        assert shown == [Missed(1, 1), (2, True), (3, False), Ended("ended"), "end"]
        for task in tasks:
            task.cancel()

    run(main())


@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside another reader"])
@pytest.mark.parametrize("hours", [0.0001, 2, 10_000])
def test_a_place_in_time_that_is_still_to_come_is_the_latest(hours: float, *, others: bool) -> None:
    async def main() -> None:
        stream = Wire(ScriptedKinesis()).stream()
        tasks = [asyncio.create_task(listen({NAME: stream}, 0, []))] if others else []
        await asyncio.sleep(1)
        await say(stream, 1)
        await asyncio.sleep(3)
        at = VirtualClock().now() + round(hours * 3_600_000)
        async with Follower({NAME: stream}, Start(at=at)) as follower:
            await asyncio.sleep(2)
            await say(stream, 2)
            async with asyncio.timeout(10):
                assert b"t2" in (await follower.next()).item.data
        for task in tasks:
            task.cancel()

    run(main())


def test_what_was_long_ago_when_it_joined_is_not_nearer_because_the_stream_could_not_be_reached() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        await say(stream, 1)
        await asyncio.sleep(30)
        kinesis.fail = lambda call: (
            refusal("InternalFailure", status=500) if asyncio.get_running_loop().time() < 200 else None
        )
        shown: list[object] = []
        task = asyncio.create_task(listen({NAME: stream}, 0, shown))
        await asyncio.sleep(200)
        assert shown == [(1, True)]
        task.cancel()

    run(main())


def test_the_time_that_a_listener_reports_is_its_own() -> None:
    async def main() -> None:
        stream = translations("memory")
        received: list[int] = []

        async def hear() -> None:
            async with CaptionSubscriber({NAME: stream}, "talk", "es", clock=SkewedClock(7200)) as captions:
                received.extend([event.received_at async for event in captions if isinstance(event, Caption)])

        task = asyncio.create_task(hear())
        await asyncio.sleep(1)
        await say(stream, 1)
        await stream.publish([Entry("talk/es", encode(ended("es")))])
        await task
        assert received == [EPOCH + 1000 + 7_200_000]

    run(main())
