"""The microphone, with sounddevice replaced at its edge."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from producers.sources import MicrophoneSource
from shared.errors import DependencyMissing, MicrophoneUnavailable
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


class PortAudioError(Exception):
    """As sounddevice has it."""


class FakeInput:
    """A sounddevice.RawInputStream that a test speaks into."""

    opened: list[FakeInput]

    def __init__(self, *, callback: Callable[..., None], finished_callback: Callable[[], Any], **options: Any) -> None:
        if options["device"] == "none such":
            raise ValueError("No input device matching 'none such'")
        self.options = options
        self.callback = callback
        self._finished = finished_callback
        self.state = "open"

    def start(self) -> None:
        self.state = "running"
        FakeInput.opened.append(self)

    def close(self) -> None:
        self.state = "closed"

    def finished(self) -> None:
        # cffi complains of a callback of PortAudio's that returns anything.
        assert self._finished() is None

    def speak(self, value: int, *, overflow: bool = False) -> None:
        frames = self.options["blocksize"]
        memory = bytearray(value.to_bytes(2, "little") * frames)
        self.callback(memory, frames, None, SimpleNamespace(input_overflow=overflow))
        # PortAudio uses the memory again as soon as the callback has returned.
        memory[:] = bytes(len(memory))


@pytest.fixture(autouse=True)
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeInput.opened = []
    module = SimpleNamespace(RawInputStream=FakeInput, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)


async def microphone() -> FakeInput:
    """The microphone, once it is read."""
    await asyncio.sleep(0.01)
    return FakeInput.opened[0]


def test_chunks_come_as_they_are_recorded_until_the_device_stops() -> None:
    async def main() -> None:
        source = MicrophoneSource(rate=16000, device="lectern")
        heard: list[bytes] = []

        async def listen() -> None:
            async for pcm in source:
                heard.append(pcm)  # noqa: PERF401 - it never ends, and what came so far is looked at

        listening = asyncio.create_task(listen())
        device = await microphone()
        assert (device.options["device"], device.options["samplerate"], device.options["channels"]) == (
            "lectern",
            16000,
            1,
        )
        for value in (1, 2, 3):
            device.speak(value)
            await asyncio.sleep(0.1)
        assert heard == [value.to_bytes(2, "little") * 1600 for value in (1, 2, 3)]
        device.finished()
        with pytest.raises(MicrophoneUnavailable, match="stopped"):
            await listening
        assert device.state == "closed"
        assert (source.lost_ms, source.device_overflows) == (0, 0)

    run(main())


def test_audio_lost_to_a_slow_reader_or_by_the_device_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        source = MicrophoneSource()
        reader = aiter(source)
        first = asyncio.ensure_future(anext(reader))
        device = await microphone()
        device.speak(0, overflow=True)
        await first
        for value in range(60):
            device.speak(value)
        await asyncio.sleep(0)
        assert source.lost_ms == 1000
        assert source.device_overflows == 1
        assert [(await anext(reader))[0] for _ in range(50)] == list(range(50))
        device.speak(99)
        assert (await anext(reader))[0] == 99

    run(main())
    assert "1000 ms of audio lost" in caplog.text
    assert "the microphone lost audio" in caplog.text


def test_no_such_device_and_no_package_say_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        await anext(aiter(MicrophoneSource(device="none such")))

    with pytest.raises(MicrophoneUnavailable, match=r"No input device.*python -m sounddevice"):
        run(main())
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DependencyMissing, match=r"-m pip install 'sounddevice>="):
        MicrophoneSource()


def test_a_missing_portaudio_says_which_debian_package_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    # What the real package does where the library is not installed.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DependencyMissing, match="apt install libportaudio2"):
        MicrophoneSource()
