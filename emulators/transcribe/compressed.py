"""FLAC and Ogg Opus, decoded as they stream."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from emulators.transcribe.audio import Audio
from emulators.transcribe.errors import BadRequest
from emulators.transcribe.request import MediaEncoding

_FORMATS = {MediaEncoding.FLAC: "flac", MediaEncoding.OGG_OPUS: "ogg"}


class CompressedAudio(Audio):
    """Decodes in a thread of its own, which waits inside of the library whenever it wants more than there is."""

    def __init__(self, encoding: MediaEncoding, rate: int) -> None:
        self._format = _FORMATS[encoding]
        self._resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._decoded = bytearray()
        self._hungry = False
        self._complete = False
        self._over = False
        self._error: Exception | None = None
        self._callers = ThreadPoolExecutor(1, "audio")
        self._thread = threading.Thread(target=self._decode, name="audio-decoder", daemon=True)
        self._thread.start()

    async def decode(self, data: bytes) -> bytes:
        return await self._call(data, False)

    async def finish(self) -> bytes:
        return await self._call(b"", True)

    async def close(self) -> None:
        with self._changed:
            self._complete = True
            self._waiting.clear()
            self._changed.notify_all()
        await asyncio.to_thread(self._thread.join)
        self._callers.shutdown(wait=False)

    def read(self, size: int) -> bytes:
        """What the library reads from: at least a byte, none at the end."""
        with self._changed:
            while not self._waiting and not self._complete:
                self._hungry = True
                self._changed.notify_all()
                self._changed.wait()
            self._hungry = False
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            return data

    async def _call(self, data: bytes, complete: bool) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._callers, self._push, data, complete)

    def _push(self, data: bytes, complete: bool) -> bytes:
        """Returns when the decoder has made of the data what it can."""
        with self._changed:
            self._waiting += data
            self._complete = self._complete or complete
            self._hungry = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over or self._hungry)
            if self._error is not None:
                raise BadRequest(f"Could not decode the audio stream that you provided: {self._error}")
            pcm = bytes(self._decoded)
            self._decoded.clear()
            return pcm

    def _decode(self) -> None:
        try:
            # Nothing is read ahead to guess at what the header says.
            options = {"probesize": "32", "analyzeduration": "0"}
            with av.open(self, mode="r", format=self._format, options=options, buffer_size=1024) as container:
                for frame in container.decode(audio=0):
                    self._keep(frame)
                self._keep(None)
        except Exception as error:
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _keep(self, frame: AudioFrame | None) -> None:
        pcm = b"".join(made.to_ndarray().tobytes() for made in self._resampler.resample(frame))
        with self._changed:
            self._decoded += pcm
