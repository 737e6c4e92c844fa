"""Plays the speech of a session in one language on this machine's loudspeaker, until the session ends.

    python examples/loudspeaker.py talk es

It wants sounddevice (the extra `microphone`) and PortAudio (apt install libportaudio2). AWS is found as boto3 finds it.
LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterable
from contextlib import ExitStack
from typing import Any

from shared.aws import Aws
from shared.errors import LowLatencyTranslateError
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams.kinesis import kinesis_streams
from sinks import AudioChunk, AudioEvent, AudioSubscriber, ClipLeftOut, ClipMissed, Interrupted, Resumed

try:
    import sounddevice
except ImportError:
    sys.exit("loudspeaker: expected sounddevice: pip install 'low-latency-translate[microphone]'")
except OSError:
    sys.exit("loudspeaker: expected PortAudio: apt install libportaudio2")

#: Seconds of a clip that are waited for before it is played, so that a chunk that is late leaves no hole in a word.
HEAD_S = 0.5


class LoudspeakerStopped(LowLatencyTranslateError):
    """The device plays no more."""


class Loudspeaker:
    """Plays clips of mono PCM s16le at `rate` Hz one behind the other, and silence where none has come.

    The device asks for audio all the time, on a thread of PortAudio's own: it is given silence between two clips, and
    so it never runs dry.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._lock = threading.Lock()
        self._playable = bytearray()
        #: The beginning of a clip of which there is too little yet, and whether any of this clip may be played.
        self._head = bytearray()
        self._begun = False
        self._finishing = False
        self._stopped = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stopped() -> None:
            # On PortAudio's thread, which takes no answer.
            loop.call_soon_threadsafe(self._stopped.set)

        self._device = sounddevice.RawOutputStream(
            samplerate=rate,
            channels=1,
            dtype="int16",
            callback=self._fill,
            finished_callback=stopped,
        )
        self._device.start()

    def play(self, chunk: AudioChunk) -> None:
        """Takes a chunk; raises LoudspeakerStopped where the device has gone."""
        if self._stopped.is_set():
            raise LoudspeakerStopped("expected a loudspeaker, but it has stopped")
        with self._lock:
            if chunk.first:
                # Of the clip before nothing more comes.
                self._release()
            # Where it has run dry in the middle of a clip, it begins anew.
            self._begun = self._begun and not chunk.first and bool(self._playable)
            self._head += chunk.payload
            if self._begun or chunk.last or len(self._head) >= HEAD_S * self.rate * 2:
                self._release()
                self._begun = True

    async def finish(self) -> None:
        """Returns once everything was heard."""
        with self._lock:
            self._release()
            self._finishing = True
        await self._stopped.wait()

    def close(self) -> None:
        """Falls silent at once."""
        self._device.close()

    def _release(self) -> None:
        self._playable += self._head
        self._head.clear()

    def _fill(self, out: Any, _frames: int, _time: Any, _status: Any) -> None:
        with self._lock:
            pcm = bytes(self._playable[: len(out)])
            del self._playable[: len(pcm)]
            finished = self._finishing and not self._playable
        out[:] = pcm.ljust(len(out), b"\0")
        if finished:
            # PortAudio still plays what it was given.
            raise sounddevice.CallbackStop


async def play(events: AsyncIterable[AudioEvent]) -> None:
    """Plays the chunks, and tells on stderr why something is not heard."""
    loudspeaker: Loudspeaker | None = None
    with ExitStack() as devices:
        async for event in events:
            match event:
                case AudioChunk(rate=rate):
                    # It comes with the first chunk, and another voice may have another.
                    if loudspeaker is None or loudspeaker.rate != rate:
                        if loudspeaker is not None:
                            await loudspeaker.finish()
                        loudspeaker = Loudspeaker(rate)
                        devices.callback(loudspeaker.close)
                    loudspeaker.play(event)
                case ClipLeftOut(number, status):
                    print(f"{number} has no speech: {status}", file=sys.stderr)
                case ClipMissed(first, last):
                    print(f"{first}-{last} did not come", file=sys.stderr)
                case Interrupted():
                    print("the stream cannot be read for now", file=sys.stderr)
                case Resumed():
                    print("the stream can be read again", file=sys.stderr)
        if loudspeaker is not None:
            await loudspeaker.finish()


async def main(session: str, language: str) -> None:
    """Plays the session until it has ended and all of it was heard."""
    aws, settings = Aws(), Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    async with AudioSubscriber(streams, session, language, store=store) as speech:
        await play(speech)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python examples/loudspeaker.py SESSION LANGUAGE")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except (LowLatencyTranslateError, sounddevice.PortAudioError) as error:
        sys.exit(f"loudspeaker: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
