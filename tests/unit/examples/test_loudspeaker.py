"""The loudspeaker of the SDK's page, with sounddevice replaced at its edge: a device that the test asks for audio."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.models import Status
from sinks import AudioChunk, AudioEvent, ClipLeftOut, ClipMissed

pytestmark = pytest.mark.hermetic

EXAMPLE = Path(__file__).parents[3] / "examples" / "loudspeaker.py"
RATE = 8000
#: 100 ms.
BLOCK = RATE // 10 * 2


class CallbackStop(Exception):
    """As sounddevice has it."""


class Device:
    """A sounddevice.RawOutputStream whose thread is the test."""

    opened: list[Device]

    def __init__(self, *, callback: Callable[..., Any], finished_callback: Callable[[], Any], **options: Any) -> None:
        self.options = options
        self.state = "open"
        self._callback, self._finished = callback, finished_callback

    def start(self) -> None:
        self.state = "running"
        Device.opened.append(self)

    def close(self) -> None:
        self.state = "closed"

    def stop(self) -> None:
        # PortAudio's thread takes no answer, and cffi complains of one.
        assert self._finished() is None

    def ask(self) -> bytes:
        """What it plays next, 100 ms of it."""
        out = bytearray(b"\xff" * BLOCK)
        try:
            assert self._callback(memoryview(out), BLOCK // 2, None, None) is None
        except CallbackStop:
            self.stop()
        return bytes(out)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    Device.opened = []
    device = SimpleNamespace(RawOutputStream=Device, CallbackStop=CallbackStop, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    spec = importlib.util.spec_from_file_location("loudspeaker", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chunk(number: int, tenths: int, *, first: bool = False, last: bool = False, rate: int = RATE) -> AudioChunk:
    """So many tenths of a second, of samples that are the clip's number."""
    payload = number.to_bytes(2, "little") * (rate // 10 * tenths)
    return AudioChunk(number, "es", payload, rate, first, last, 0, 900, 0, {}, 0)


def said(number: int) -> bytes:
    return number.to_bytes(2, "little") * (BLOCK // 2)


SILENCE = bytes(BLOCK)


async def test_between_two_clips_the_device_is_given_silence(example: Any) -> None:
    loudspeaker = example.Loudspeaker(RATE)
    (device,) = Device.opened
    assert device.options == {"samplerate": RATE, "channels": 1, "dtype": "int16"}
    assert device.ask() == SILENCE
    loudspeaker.play(chunk(1, 2, first=True, last=True))
    assert [device.ask() for _ in range(4)] == [said(1), said(1), SILENCE, SILENCE]
    loudspeaker.play(chunk(2, 1, first=True, last=True))
    assert [device.ask() for _ in range(2)] == [said(2), SILENCE]


async def test_a_clip_begins_once_there_is_enough_of_it(example: Any) -> None:
    loudspeaker = example.Loudspeaker(RATE)
    (device,) = Device.opened
    loudspeaker.play(chunk(1, 2, first=True))
    assert device.ask() == SILENCE
    loudspeaker.play(chunk(1, 3))
    assert [device.ask() for _ in range(4)] == [said(1)] * 4
    # It plays already: what comes in time follows at once.
    loudspeaker.play(chunk(1, 1))
    assert [device.ask() for _ in range(2)] == [said(1)] * 2
    # It has run dry in the middle of the clip, and begins anew.
    loudspeaker.play(chunk(1, 1))
    assert device.ask() == SILENCE
    loudspeaker.play(chunk(1, 1, last=True))
    assert [device.ask() for _ in range(3)] == [said(1), said(1), SILENCE]


async def test_of_a_clip_whose_rest_is_lost_the_beginning_is_played(example: Any) -> None:
    loudspeaker = example.Loudspeaker(RATE)
    (device,) = Device.opened
    loudspeaker.play(chunk(1, 1, first=True))
    loudspeaker.play(chunk(2, 1, first=True, last=True))
    assert [device.ask() for _ in range(3)] == [said(1), said(2), SILENCE]


async def test_a_loudspeaker_that_is_gone_is_told(example: Any) -> None:
    loudspeaker = example.Loudspeaker(RATE)
    Device.opened[0].stop()
    await asyncio.sleep(0)
    with pytest.raises(example.LoudspeakerStopped):
        loudspeaker.play(chunk(1, 1, first=True, last=True))


async def test_all_is_heard_before_it_ends_and_another_rate_opens_another_device(
    example: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async def events() -> AsyncIterator[AudioEvent]:
        yield ClipMissed(1, 3)
        yield chunk(4, 1, first=True)
        yield ClipLeftOut(5, Status.SKIPPED)
        yield chunk(6, 1, first=True, last=True, rate=2 * RATE)

    heard: dict[int, bytearray] = {}

    async def ask() -> None:
        while True:
            for place, device in enumerate(Device.opened):
                heard.setdefault(place, bytearray()).extend(device.ask())
            await asyncio.sleep(0)

    asking = asyncio.create_task(ask())
    await example.play(events())
    asking.cancel()
    sounds = [bytes(sound).replace(b"\0\0", b"") for sound in heard.values()]
    assert sounds == [chunk(4, 1).payload, chunk(6, 1, rate=2 * RATE).payload]
    assert [device.state for device in Device.opened] == ["closed", "closed"]
    assert capsys.readouterr().err == "1-3 did not come\n5 has no speech: skipped\n"
