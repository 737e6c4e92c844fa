"""The listeners of the SDK's page, on streams in LocalStack."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shared.streams import StreamName
from tests.integration.examples.program import ROOT, run, started
from tests.integration.examples.talk import caption, clip, end, talk_on_localstack

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.usefixtures("aws_environment")]

#: A device that plays whatever there is, and keeps it in a file.
SOUNDDEVICE = """
import os, threading

class PortAudioError(Exception):
    pass

class CallbackStop(Exception):
    pass

class RawOutputStream:
    def __init__(self, *, samplerate, channels, dtype, callback, finished_callback):
        assert (samplerate, channels, dtype) == (8000, 1, "int16")
        self.callback, self.finished = callback, finished_callback
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.play, daemon=True)

    def start(self):
        self.thread.start()

    def close(self):
        self.closed.set()
        self.thread.join()

    def play(self):
        with open(os.environ["PLAYED"], "ab") as file:
            while not self.closed.wait(0.005):
                out = bytearray(320)
                try:
                    self.callback(memoryview(out), 160, None, None)
                except CallbackStop:
                    break
                finally:
                    file.write(out)
        self.finished()
"""


async def test_a_listener_that_comes_back_goes_on_behind_what_it_had() -> None:
    async with talk_on_localstack() as talk:
        await talk.create("talk")
        await talk.publish(StreamName.TRANSLATIONS, caption(1, "Uno."), caption(2, "\x1b[31mDos."))
        with started("listener", "talk", "es", environment=talk.environment) as program:
            assert [await asyncio.to_thread(program.line) for _ in range(2)] == ["1: Uno.\n", "2: Dos.\n"]
            program.interrupt()
            code, _, err = await asyncio.to_thread(program.end)
        assert (code, err) == (130, "")
        await talk.publish(StreamName.TRANSLATIONS, caption(3, "Tres."), end())
        done = await asyncio.to_thread(run, "listener", "talk", "es", "2", environment=talk.environment)
        assert done == (0, "3: Tres.\n", "")


async def test_several_sessions_are_followed_at_once_and_one_that_cannot_be_holds_up_none() -> None:
    async with talk_on_localstack() as talk:
        await talk.create("talk", "panel")
        await talk.publish(StreamName.TRANSLATIONS, caption(1, "Uno."), caption(1, "Hola.", "panel"), end("panel"))
        with started("many_listeners", "es", "talk", "none", "panel", environment=talk.environment) as program:
            shown = {await asyncio.to_thread(program.line) for _ in range(2)}
            # The other is over, and this one goes on.
            await talk.publish(StreamName.TRANSLATIONS, caption(2, "Dos."), end())
            code, out, err = await asyncio.to_thread(program.end)
    assert shown == {"talk 1: Uno.\n", "panel 1: Hola.\n"}
    assert (code, out.count("talk 2: Dos.\n")) == (0, 1)
    assert err.startswith("many_listeners: ")
    assert "none" in err
    assert err.count("\n") == 1


async def test_the_loudspeaker_plays_all_clips_in_order_to_the_end(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text(SOUNDDEVICE, encoding="utf-8")
    played = tmp_path / "played"
    async with talk_on_localstack() as talk:
        await talk.create("talk")
        environment = {**talk.environment, "PYTHONPATH": f"{tmp_path}:{ROOT}", "PLAYED": str(played)}
        with started("loudspeaker", "talk", "es", environment=environment) as program:
            first = [clip(1, b"\x01\x00" * 500, last=False), clip(1, b"\x01\x00" * 500, 500)]
            # Until it listens, nothing that is said is played: what it joins behind counts as missed.
            while not played.exists():
                await talk.publish(StreamName.SPEECH, *first)
                first = [clip(first[0].number + 1, b"\x01\x00" * 1000)]
                await asyncio.sleep(0.2)
            heard = first[0].number
            await talk.publish(StreamName.SPEECH, clip(heard, b"\x02\x00" * 700), end())
            code, out, err = await asyncio.to_thread(program.end)
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    sound = played.read_bytes().replace(b"\0\0", b"")
    assert sound.endswith(b"\x01\x00" * 1000 + b"\x02\x00" * 700)
