"""A producer belongs to one event loop of one process, and an interpreter that ends says what it leaves behind."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shared.errors import WrongEventLoop
from tests.support.waiting import TIMEOUT
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import CHUNK, producer

pytestmark = pytest.mark.system

_ROOT = Path(__file__).parents[3]
_BEGIN = """
import asyncio, os, sys, threading, time
from producers import AudioProducer, BlockingAudioProducer
from shared.errors import *
from shared.sessions import MemorySessionStore, Session
from shared.streams import MemoryStream

class Stuck(MemoryStream):
    async def publish(self, entries):
        await asyncio.sleep(3600)

class Counted(MemoryStream):
    taken = 0
    async def publish(self, entries):
        self.taken += len(entries)
        await super().publish(entries)

def talk(stream, **options):
    session = Session(id="talk", source_language="en", target_languages=("es",))
    return AudioProducer(stream, MemorySessionStore(), session, **options)

pcm = bytes(32_000)
"""


def ended(script: str) -> subprocess.CompletedProcess[str]:
    """What a program of this SDK ended with; Python's own warning of a fork beside threads is left out."""
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _BEGIN + script],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


def test_on_another_event_loop_a_producer_is_refused_in_one_line_and_goes_on_on_its_own() -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="capture")
    thread.start()
    stream = FlakyStream()
    talk = producer(stream)

    async def elsewhere() -> None:
        for use in (talk.write(CHUNK), talk.close(), talk.__aexit__(None, None, None)):
            with pytest.raises(
                WrongEventLoop, match=r"session talk: expected the event loop .* of thread capture.*got"
            ):
                await use

    asyncio.run_coroutine_threadsafe(talk.open(), loop).result(TIMEOUT)
    asyncio.run(elsewhere())
    asyncio.run_coroutine_threadsafe(talk.write(CHUNK), loop).result(TIMEOUT)
    asyncio.run_coroutine_threadsafe(talk.close(), loop).result(TIMEOUT)
    assert len(asyncio.run_coroutine_threadsafe(stream.frames(), loop).result(TIMEOUT)) == 1
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_behind_the_end_of_its_event_loop_it_says_what_was_not_sent() -> None:
    stream = FlakyStream()
    talk = producer(stream)

    async def speak() -> None:
        stream.delay = 3600
        await talk.open()
        await talk.write(CHUNK * 15)

    asyncio.run(speak())
    with pytest.raises(WrongEventLoop, match=r"and is closed"):
        asyncio.run(talk.write(CHUNK))
    with pytest.raises(WrongEventLoop, match=r"and is closed.*; 1\.5 s of audio were not sent$"):
        asyncio.run(talk.close())
    asyncio.run(talk.close())


def test_eight_threads_on_one_stream_hear_that_it_is_anothers() -> None:
    done = ended("""
stream = MemoryStream("audio")
together, said = threading.Barrier(8), []
def speak(n):
    session = Session(id=f"talk-{n}", source_language="en", target_languages=("es",))
    try:
        with BlockingAudioProducer(AudioProducer(stream, MemorySessionStore(), session)) as producer:
            producer.write(pcm)
            producer.write(pcm)
            together.wait()
    except WrongEventLoop as error:
        said.append(str(error))
        together.wait()
threads = [threading.Thread(target=speak, args=[n]) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(said), {line.partition(":")[0] for line in said}, any("\\n" in line for line in said))
""")
    assert (done.stdout, done.stderr) == ("7 {'stream audio'} False\n", "")


@pytest.mark.parametrize("use", ["write(pcm)", "open()"])
def test_a_forked_child_is_told_and_its_parent_goes_on(use: str) -> None:
    done = ended(f"""
stream = Counted("audio")
producer = BlockingAudioProducer(talk(stream)).open()
producer.write(pcm)
if not os.fork():
    try:
        producer.{use}
    except ForkedProcess as error:
        print(str(error).count("expected process"), flush=True)
    producer.close()
    sys.exit()
print(os.waitstatus_to_exitcode(os.wait()[1]))
producer.write(pcm)
producer.close()
print(stream.taken)
""")
    # Two records of audio, and the session's end, which the child's close has not written.
    assert (done.stdout, done.stderr) == ("1\n0\n3\n", "")


def test_in_a_forked_child_nothing_is_connected() -> None:
    done = ended("""
producer = BlockingAudioProducer(talk(Counted("audio"))).open()
if not os.fork():
    print(producer.status.connected, producer.status.refusal, flush=True)
    os._exit(0)
os.wait()
print(producer.status.connected)
producer.close()
""")
    assert done.stdout.splitlines() == ["False it is open in the parent process alone", "True"]


def test_a_block_that_a_forked_child_leaves_is_its_parents() -> None:
    done = ended("""
stream = Counted("audio")
with BlockingAudioProducer(talk(stream)) as producer:
    producer.write(pcm)
    child = os.fork()
    if child:
        os.wait()
if child:
    print(stream.taken)
""")
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_an_asynchronous_producer_is_refused_in_a_forked_child() -> None:
    done = ended("""
async def main():
    async with talk(MemoryStream("audio")) as producer:
        await producer.write(pcm)
        if not os.fork():
            try:
                await producer.write(pcm)
            except ForkedProcess as error:
                print(error, flush=True)
            os._exit(0)
        os.wait()
asyncio.run(main())
""")
    assert "session talk: expected process" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "leave",
    ["", "sys.exit()", "raise SystemExit", "threading.Thread(target=producer.write, args=[pcm], daemon=True).start()"],
)
def test_an_interpreter_that_ends_says_how_much_was_not_sent(leave: str) -> None:
    done = ended(f"""
producer = BlockingAudioProducer(talk(Stuck("audio"))).open()
producer.write(pcm * 3)
{leave}
""")
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if "interpreter" in line]
    assert len(lines) == 1
    # A thread may have written one second more; and of what it raises the interpreter may have begun to tell.
    assert re.search(r"session talk: [34]\.0 s of audio were not sent: the interpreter ended before the", lines[0])


def test_what_can_be_sent_is_sent_while_the_interpreter_ends() -> None:
    done = ended("""
class Slow(Counted):
    async def publish(self, entries):
        await asyncio.sleep(0.1)
        await super().publish(entries)
import atexit
stream = Slow("audio")
atexit.register(lambda: print(stream.taken))
producer = BlockingAudioProducer(talk(stream)).open()
producer.write(pcm)
""")
    assert done.stdout == "1\n"
    assert "session talk: 0.0 s of audio were not sent" in done.stderr


def test_an_interpreter_that_ends_behind_a_close_says_nothing() -> None:
    done = ended("""
producer = BlockingAudioProducer(talk(MemoryStream("audio"))).open()
producer.write(pcm)
producer.close()
failed = BlockingAudioProducer(talk(Stuck("audio"), timeout_s=0.1)).open()
failed.write(pcm)
try:
    failed.close()
except AudioNotSent as error:
    print(error)
""")
    assert "1.0 s of audio and the end of the session were not sent" in done.stdout
    assert done.stderr == ""
