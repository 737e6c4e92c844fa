"""The microphone as a source of audio."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

from shared.errors import DependencyMissing, MicrophoneUnavailable
from shared.models import SAMPLE_BYTES
from shared.remedies import install_extra

logger = logging.getLogger(__name__)

#: A chunk's length in parts of a second, and how many of them wait for a slow reader.
_CHUNKS_PER_S = 10
_WAITING = 50


class MicrophoneSource:
    """Chunks of 100 ms of mono PCM s16le from an input device, for as long as it is read.

    `device` is a name or number of sounddevice's, None the default one. What a reader that is 5 s behind misses is
    counted in `lost_ms` and logged. Raises DependencyMissing where sounddevice or PortAudio is not installed, and
    MicrophoneUnavailable where there is no such device or it stops.
    """

    def __init__(self, *, rate: int = 16000, device: str | int | None = None) -> None:
        self.rate = rate
        #: Audio dropped because the reader was too slow, in ms.
        self.lost_ms = 0
        #: How often the device itself lost audio, of a length it does not tell.
        self.device_overflows = 0
        self._device = device
        self._sounddevice = _sounddevice()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        chunks: deque[bytes | None] = deque()
        arrived = asyncio.Event()

        def put(chunk: bytes | None) -> None:
            if chunk is not None and len(chunks) >= _WAITING:
                self.lost_ms += len(chunk) // SAMPLE_BYTES * 1000 // self.rate
                logger.warning("the microphone's reader is too slow: %d ms of audio lost so far", self.lost_ms)
                return
            chunks.append(chunk)
            arrived.set()

        def overflowed() -> None:
            self.device_overflows += 1
            logger.warning("the microphone lost audio, %d times so far", self.device_overflows)

        def deliver(data: Any, _frames: int, _time: Any, status: Any) -> None:
            # PortAudio's own thread, and memory that it uses again.
            if status.input_overflow:
                loop.call_soon_threadsafe(overflowed)
            loop.call_soon_threadsafe(put, bytes(data))

        def finished() -> None:
            # It returns nothing: PortAudio's thread takes no answer.
            loop.call_soon_threadsafe(put, None)

        with closing(self._open(deliver, finished)):
            while True:
                await arrived.wait()
                arrived.clear()
                while chunks:
                    chunk = chunks.popleft()
                    if chunk is None:
                        raise MicrophoneUnavailable("expected more audio, but the microphone has stopped")
                    yield chunk

    def _open(self, deliver: Any, finished: Any) -> Any:
        """A running input stream of sounddevice."""
        try:
            stream = self._sounddevice.RawInputStream(
                samplerate=self.rate,
                blocksize=self.rate // _CHUNKS_PER_S,
                device=self._device,
                channels=1,
                dtype="int16",
                callback=deliver,
                finished_callback=finished,
            )
            stream.start()
        except (self._sounddevice.PortAudioError, ValueError) as error:
            raise MicrophoneUnavailable(
                f"expected a microphone that records mono at {self.rate} Hz: {error}; "
                "`python -m sounddevice` lists the devices"
            ) from None
        return stream


def _sounddevice() -> Any:
    try:
        import sounddevice  # noqa: PLC0415 - an extra, and it loads PortAudio
    except ImportError:
        raise DependencyMissing(f"expected sounddevice for the microphone: {install_extra('microphone')}") from None
    except OSError:
        raise DependencyMissing("expected PortAudio for the microphone: apt install libportaudio2") from None
    return sounddevice
