"""Streams and event loops: one at a time owns what readers and writers share."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from shared.errors import LowLatencyTranslateError, WrongEventLoop
from shared.streams import OLDEST, Entry, Item, MemoryStream, Start, Stream, StreamName
from shared.streams.follow import Follower
from shared.streams.kinesis import kinesis_streams
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.waiting import TIMEOUT
from tests.unit.shared.streams.test_kinesis_admin import ScriptedAws

_ROOT = Path(__file__).parents[4]
Streams = Mapping[StreamName, Stream]


def in_memory() -> Streams:
    stream = MemoryStream("audio")
    return {StreamName.AUDIO: stream}


def on_kinesis(wire: Wire | None = None) -> Streams:
    return {StreamName.AUDIO: (wire or Wire(ScriptedKinesis())).stream()}


@contextmanager
def another_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="another")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def read(stream: Stream) -> Sequence[Item]:
    (shard,) = await stream.shards()
    reader = await stream.reader(shard.id, OLDEST)
    items = (await reader.read()).items
    reader.close()
    return items


@pytest.mark.hermetic
@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.publish([Entry("talk", b"2")]),
        lambda stream: stream.shards(),
        lambda stream: stream.reader("shard-000000", OLDEST),
    ],
)
@pytest.mark.parametrize("streams", [in_memory, on_kinesis])
def test_on_another_event_loop_every_use_is_refused_in_one_line(
    streams: Callable[[], Streams], use: Callable[[Stream], asyncio.Future[object]]
) -> None:
    stream = streams()[StreamName.AUDIO]
    with another_loop() as loop:
        asyncio.run_coroutine_threadsafe(stream.publish([]), loop).result(TIMEOUT)

        async def main() -> None:
            with pytest.raises(WrongEventLoop) as refused:
                await use(stream)
            said = str(refused.value)
            assert "\n" not in said
            assert stream.name in said
            assert "expected the event loop that first used it (that of thread another)" in said

        asyncio.run(main())


@pytest.mark.hermetic
def test_streams_that_are_made_together_have_one_event_loop() -> None:
    streams = kinesis_streams(ScriptedAws(Wire(ScriptedKinesis())), "talks", 0.4)
    with another_loop() as loop:
        asyncio.run_coroutine_threadsafe(streams[StreamName.AUDIO].publish([]), loop).result(TIMEOUT)

        async def main() -> None:
            with pytest.raises(
                WrongEventLoop, match=r"talks-speech: .*; give each event loop, .* \(kinesis_streams\)$"
            ):
                await streams[StreamName.SPEECH].publish([])

        asyncio.run(main())


@pytest.mark.hermetic
def test_of_many_threads_that_begin_at_once_one_has_the_streams() -> None:
    stream = in_memory()[StreamName.AUDIO]
    together = threading.Barrier(8)

    async def speak() -> None:
        together.wait()
        try:
            await stream.publish([Entry("talk", b"1")])
        finally:
            # Nobody's loop is closed before all have tried.
            await asyncio.to_thread(together.wait)

    with ThreadPoolExecutor(8) as threads:
        spoken = [threads.submit(asyncio.run, speak()) for _ in range(8)]
        refused = [error for one in spoken if (error := one.exception()) is not None]
    assert [type(error) for error in refused] == [WrongEventLoop] * 7
    assert len(asyncio.run(read(stream))) == 1


@pytest.mark.hermetic
@pytest.mark.parametrize("streams", [in_memory, on_kinesis])
def test_behind_an_event_loop_that_is_closed_another_one_goes_on(streams: Callable[[], Streams]) -> None:
    stream = streams()[StreamName.AUDIO]

    async def speak(word: bytes) -> Sequence[bytes]:
        await stream.publish([Entry("talk", word)])
        return [item.data for item in await read(stream)]

    assert asyncio.run(speak(b"1")) == [b"1"]
    assert asyncio.run(speak(b"2")) == [b"1", b"2"]


@pytest.mark.hermetic
def test_what_the_closed_one_left_under_way_holds_nothing_up() -> None:
    wire = Wire(ScriptedKinesis(), delay=3600)
    stream = on_kinesis(wire)[StreamName.AUDIO]

    async def give_up() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await stream.publish([Entry("talk", b"1")])

    asyncio.run(give_up())
    wire.delay = 0.02
    asyncio.run(stream.publish([Entry("talk", b"2")]))
    assert [item.data for item in asyncio.run(read(stream))] == [b"2"]


@pytest.mark.hermetic
def test_what_follows_streams_stays_on_the_event_loop_that_it_was_entered_on() -> None:
    follower = Follower(in_memory(), Start(ago=1000))
    with another_loop() as loop:
        asyncio.run_coroutine_threadsafe(follower.__aenter__(), loop).result(TIMEOUT)

        async def main() -> None:
            with pytest.raises(WrongEventLoop, match=r"what follows audio: .* on one event loop$"):
                await follower.next()
            with pytest.raises(WrongEventLoop):
                await follower.__aexit__(None, None, None)

        asyncio.run(main())
        asyncio.run_coroutine_threadsafe(follower.__aexit__(None, None, None), loop).result(TIMEOUT)


_FORKED = """
import asyncio, os
from shared.streams import Entry, MemoryStream
stream = MemoryStream("audio")

async def child():
    await stream.publish([Entry("talk", b"1")])

async def main():
    await stream.publish([Entry("talk", b"1")])
    if not os.fork():
        await {child}
    else:
        print("the child ended with", os.waitstatus_to_exitcode(os.wait()[1]))

{run}
"""


@pytest.mark.system
def test_a_forked_child_is_told_in_one_line() -> None:
    script = _FORKED.format(child="child()", run="asyncio.run(main())")
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.stdout == "the child ended with 1\n"
    assert "shared.errors.ForkedProcess: stream audio: expected process" in done.stderr


@pytest.mark.hermetic
def test_the_errors_are_of_the_project() -> None:
    assert issubclass(WrongEventLoop, LowLatencyTranslateError)
