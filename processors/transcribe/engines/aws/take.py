"""One take on a stream of Amazon Transcribe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processors.transcribe.engines.aws.results import Transcript
from processors.transcribe.engines.aws.stream import TranscribeStream
from processors.transcribe.engines.hypothesis_queue import HypothesisQueue
from processors.transcribe.recogniser import Recogniser
from shared.errors import EngineUnavailable
from shared.models import SAMPLE_BYTES

#: Bytes sent in one event: AWS takes 32 KB, and 50 to 200 ms are best.
_PIECE = 6400
#: Seconds that the reason of a stream's end may take.
_FAILURE_TIMEOUT = 1.0


class AwsTake(Recogniser):
    """Feeds a stream that is open and reads what it hears; `on_close` is called once, with the take.

    A stream that ends before `finish`, or behind it with an utterance that has no final, has dropped, however
    silently it ended.
    """

    def __init__(
        self, stream: TranscribeStream, transcript: Transcript, rate: int, on_close: Callable[[AwsTake], None]
    ) -> None:
        self._stream = stream
        self._transcript = transcript
        self._rate = rate
        self._on_close = on_close
        self._hypotheses = HypothesisQueue()
        self._fed = 0
        self._finishing = False
        self._reading = asyncio.create_task(self._read())

    async def feed(self, pcm: bytes) -> None:
        """Raises EngineUnavailable where the connection takes no audio."""
        for first in range(0, len(pcm), _PIECE):
            if self._hypotheses.ended:
                return
            piece = pcm[first : first + _PIECE]
            self._fed += len(piece) // SAMPLE_BYTES
            await self._stream.send(piece)

    async def finish(self) -> None:
        if not self._hypotheses.ended:
            self._finishing = True
            try:
                await self._stream.end()
            except EngineUnavailable as error:
                # Where the service has ended the stream, its own reason is on the way, and tells more.
                self._finishing = False
                await asyncio.wait([self._reading], timeout=_FAILURE_TIMEOUT)
                self._hypotheses.end(error)

    def __aiter__(self) -> HypothesisQueue:
        return self._hypotheses

    async def close(self) -> None:
        self._hypotheses.end()
        try:
            await self._stream.close()
        finally:
            self._reading.cancel()
            self._on_close(self)
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            async for results in self._stream.results():
                for hypothesis in self._transcript.hypotheses(results, self._fed * 1000 // self._rate):
                    self._hypotheses.put(hypothesis)
            self._hypotheses.end(self._silent_drop())
        except Exception as error:
            self._hypotheses.end(
                error if isinstance(error, EngineUnavailable) else EngineUnavailable(f"Amazon Transcribe: {error!r}")
            )

    def _silent_drop(self) -> EngineUnavailable | None:
        """What is wrong with a stream that the service has ended as if all were well."""
        if not self._finishing:
            return EngineUnavailable("Amazon Transcribe ended the stream before its audio had ended")
        if self._transcript.unfinished:
            return EngineUnavailable("Amazon Transcribe ended the stream without its last final result")
        return None
