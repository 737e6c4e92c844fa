"""The microphone's producer, on streams in LocalStack, with sounddevice replaced at its edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from processors.backend import Backend
from shared.codec import decode
from shared.models import AudioFrame, SessionEnded
from shared.streams import StreamName
from shared.streams.base import OLDEST
from shared.streams.follow import Follower
from tests.integration.examples.program import ROOT, run, started
from tests.support.localstack_backend import localstack_backend
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.usefixtures("aws_environment")]

#: A device that hears one sample again and again, until the file DEVICE_GONE is there.
SOUNDDEVICE = """
import os, threading, types

class PortAudioError(Exception):
    pass

class RawInputStream:
    def __init__(self, *, blocksize, samplerate, channels, dtype, callback, finished_callback, device):
        assert (channels, dtype) == (1, "int16")
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.speak, daemon=True)
        self.blocksize, self.pause = blocksize, blocksize / samplerate
        self.callback, self.finished = callback, finished_callback

    def start(self):
        self.thread.start()

    def close(self):
        self.closed.set()
        self.thread.join()

    def speak(self):
        while not self.closed.wait(self.pause):
            if os.path.exists(os.environ["DEVICE_GONE"]):
                self.finished()
                return
            self.callback(b"\\x07\\x00" * self.blocksize, self.blocksize, None, types.SimpleNamespace(input_overflow=False))
"""


@dataclass
class Room:
    """Streams, and what leads a program there and has it hear a microphone."""

    backend: Backend
    environment: Mapping[str, str]
    gone: Path

    async def heard(self, *, until: type) -> list[AudioFrame | SessionEnded]:
        """What stands on the stream of audio, up to the first of this kind."""
        found: list[AudioFrame | SessionEnded] = []
        audio = {StreamName.AUDIO: self.backend.streams[StreamName.AUDIO]}
        async with asyncio.timeout(TIMEOUT), Follower(audio, OLDEST) as follower:
            while not found or not isinstance(found[-1], until):
                record = decode((await follower.next()).item.data)
                assert isinstance(record, AudioFrame | SessionEnded)
                found.append(record)
        return found


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    (tmp_path / "sounddevice.py").write_text(SOUNDDEVICE, encoding="utf-8")
    gone = tmp_path / "gone"
    async with localstack_backend() as (prefix, backend):
        yield Room(
            backend,
            {
                "STREAM_PREFIX": prefix,
                "TABLE_PREFIX": prefix,
                "PYTHONPATH": f"{tmp_path}:{ROOT}",
                "DEVICE_GONE": str(gone),
            },
            gone,
        )


async def test_ctrl_c_ends_the_session_behind_all_that_was_said(room: Room) -> None:
    with started("microphone_producer", "talk", "es", "ca", environment=room.environment) as program:
        assert await asyncio.to_thread(program.line) == "Session talk hears you. Ctrl-C ends it.\n"
        await room.heard(until=AudioFrame)
        program.interrupt()
        code, out, err = await asyncio.to_thread(program.end)
    assert (code, out.splitlines()[1:], err) == (0, ["Session talk ends once all that you said is heard."], "")
    *frames, end = await room.heard(until=SessionEnded)
    assert isinstance(end, SessionEnded)
    assert {frame.payload[:2] for frame in frames if isinstance(frame, AudioFrame)} == {b"\x07\x00"}
    session = await room.backend.store.load("talk")
    assert (session.source_language, session.target_languages) == ("en", ("es", "ca"))


async def test_where_the_microphone_stops_one_line_says_so_and_the_session_goes_on(room: Room) -> None:
    with started("microphone_producer", "talk", "es", environment=room.environment) as program:
        await room.heard(until=AudioFrame)
        room.gone.touch()
        code, _, err = await asyncio.to_thread(program.end)
    assert (code, err) == (1, "microphone_producer: expected more audio, but the microphone has stopped\n")
    # The end would stand behind the audio that was sent before.
    with started("microphone_producer", "talk", "es", environment={**room.environment, "DEVICE_GONE": ""}) as program:
        assert await asyncio.to_thread(program.line) == "Session talk hears you. Ctrl-C ends it.\n"
        program.interrupt()
        assert (await asyncio.to_thread(program.end))[0] == 0


async def test_without_a_microphone_one_line_says_what_it_wants(room: Room, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise ImportError", encoding="utf-8")
    code, out, err = await asyncio.to_thread(run, "microphone_producer", "talk", "es", environment=room.environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert " -m pip install 'sounddevice>=" in err
