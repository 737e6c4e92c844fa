"""Moonshine: an offline recogniser of English whose wheel ships the model. It gives no word times."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from moonshine_voice.errors import MoonshineError
from moonshine_voice.moonshine_api import ModelArch
from moonshine_voice.transcriber import Transcriber
from moonshine_voice.utils import get_model_path

from processors.transcribe.engines.hypothesis_queue import HypothesisQueue
from processors.transcribe.recogniser import Hypothesis, Recogniser, RecogniserEngine
from processors.transcribe.word_times import spread_words
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES, Word
from shared.sessions import Session
from shared.word_stability import RepeatedAgreement, all_stable

_LOG = logging.getLogger(__name__)

RATE = 16000
#: Seconds of audio between two updates of the open line. Each decodes the whole line again; the library does
#: so twice a second at most.
UPDATE_INTERVAL = 0.5
#: A word is stable that stood at least one word from the end in two hypotheses running: of words marked so, 2 %
#: differ in the final (tests/benchmarks/recognisers.py measures it).
TAIL, REPEATS = 1, 2
#: Seconds of audio behind a line's end with which its text is known: an update, and the library's own wait for quiet.
LOOKAHEAD = 1.0
#: Bytes of audio that may wait for the decoder before `feed` does: 2 s.
_QUEUED = 2 * RATE * SAMPLE_BYTES
#: The library fails at times on an open line that has no sound yet; more failures running than these are a drop.
_FAILURES = 5
#: Without it the library keeps and copies the audio of every line.
_OPTIONS = {"return_audio_data": "false"}

Returned = TypeVar("Returned")


class MoonshineEngine(RecogniserEngine):
    """Takes that share one model, loaded at the first opening; each decodes in a thread of its own."""

    rate = RATE
    feed_rate: float | None = None
    lookahead = LOOKAHEAD

    def __init__(self) -> None:
        self._model: Any = None
        self._loading = asyncio.Lock()
        self._takes: set[_Take] = set()

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    async def open(self, session: Session, start: int) -> _Take:
        if session.source_language not in self.languages():
            raise UnsupportedLanguage(f"moonshine recognises en, not {session.source_language}")
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(_guarded, _load)
        take = _Take(self._model, self._takes)
        try:
            await take.start()
        except EngineUnavailable:
            await take.close()
            raise
        return take

    async def close(self) -> None:
        await asyncio.gather(*(take.close() for take in tuple(self._takes)))
        if self._model is not None:
            await asyncio.to_thread(self._model.close)
            self._model = None


def _load() -> Any:
    return Transcriber(get_model_path("tiny-en"), ModelArch.TINY, options=_OPTIONS)


def _guarded(call: Callable[..., Returned], *arguments: Any) -> Returned:
    try:
        return call(*arguments)
    except (MoonshineError, OSError) as error:
        raise EngineUnavailable(f"moonshine: {error}") from error


@dataclass(eq=False)
class _Line:
    """A line of the transcript, which is an utterance, while it is open."""

    utterance: int
    start: int
    agreement: RepeatedAgreement = field(default_factory=lambda: RepeatedAgreement(TAIL, REPEATS))
    items: tuple[Word, ...] = ()


class _Take(Recogniser):
    """One stream of the shared model."""

    def __init__(self, model: Any, takes: set[_Take]) -> None:
        self._model = model
        self._takes = takes
        self._stream: Any = None
        self._thread = ThreadPoolExecutor(1, "moonshine")
        self._hypotheses = HypothesisQueue()
        self._pending_audio = bytearray()
        self._fed = 0
        self._decoded = 0
        self._finishing = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._lines: dict[int, _Line] = {}
        self._closed_lines: set[int] = set()
        self._utterances = 0
        self._last_end = 0
        self._failures = 0
        self._work: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Opens the stream; raises EngineUnavailable."""
        self._stream = await self._call(_open, self._model)
        self._takes.add(self)
        self._work = asyncio.create_task(self._decode())

    @property
    def decoded(self) -> int:
        """What the last update of every open line covered."""
        return self._hypotheses.drained_until(self._decoded)

    async def feed(self, pcm: bytes) -> None:
        while len(self._pending_audio) >= _QUEUED and not self._hypotheses.ended:
            self._room.clear()
            await self._room.wait()
        if not self._hypotheses.ended:
            self._pending_audio += pcm
            self._changed.set()

    async def finish(self) -> None:
        self._finishing = True
        self._changed.set()

    def __aiter__(self) -> HypothesisQueue:
        return self._hypotheses

    async def close(self) -> None:
        """A decoding that is under way in the thread is waited for: under 1 s."""
        self._end(None)
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await self._call(stream.close)
        self._takes.discard(self)
        self._thread.shutdown(wait=False)

    async def _decode(self) -> None:
        """Hands all queued audio to the library and updates its lines, over and over: less often where it is behind."""
        least = int(UPDATE_INTERVAL * RATE) * SAMPLE_BYTES
        try:
            while not self._hypotheses.ended:
                if len(self._pending_audio) < least and not self._finishing:
                    self._changed.clear()
                    await self._changed.wait()
                    continue
                last = self._finishing
                pcm = bytes(self._pending_audio)
                self._pending_audio.clear()
                self._room.set()
                self._fed += len(pcm) // SAMPLE_BYTES
                self._on_lines(await self._call(_update, self._stream, pcm, last))
                if last:
                    self._finalise_all()
                    self._end(None)
        except Exception as error:
            self._end(error if isinstance(error, EngineUnavailable) else EngineUnavailable(f"moonshine: {error!r}"))

    async def _call(self, call: Callable[..., Returned], *arguments: Any) -> Returned:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _guarded, call, *arguments)

    def _end(self, error: Exception | None) -> None:
        self._hypotheses.end(error)
        self._room.set()

    def _on_lines(self, lines: list[Any] | None) -> None:
        """Publishes what is new in the transcript's lines; None says that the library failed to update them."""
        self._failures = 0 if lines is not None else self._failures + 1
        if self._failures > _FAILURES:
            raise EngineUnavailable(f"moonshine: {self._failures} updates running failed")
        skipped = {seen.line_id for seen in lines or () if not seen.is_updated}
        if lines is not None and skipped.isdisjoint(self._lines):
            self._decoded = self._position
        for seen in lines or ():
            # A line that was not decoded again only repeats itself, which would pass for agreement.
            if seen.line_id in self._closed_lines or not seen.is_updated:
                continue
            line = self._lines.get(seen.line_id)
            if line is None:
                if not seen.text.strip():
                    continue
                self._utterances += 1
                line = _Line(self._utterances, max(self._last_end, round(seen.start_time * 1000)))
                self._lines[seen.line_id] = line
            end = min(self._position, round((seen.start_time + seen.duration) * 1000))
            items = spread_words(seen.text, line.start, max(line.start, end), line.items)
            if seen.is_complete:
                line.items = items
                self._finalise(seen.line_id, line)
            else:
                items = line.agreement.mark(items)
                if _said(items) != _said(line.items):
                    self._publish(line, items, final=False)
                line.items = items

    def _finalise_all(self) -> None:
        for number, line in list(self._lines.items()):
            self._finalise(number, line)

    def _finalise(self, number: int, line: _Line) -> None:
        self._publish(line, all_stable(line.items), final=True)
        del self._lines[number]
        self._closed_lines.add(number)

    def _publish(self, line: _Line, items: tuple[Word, ...], *, final: bool) -> None:
        end = max((item.end for item in items), default=line.start)
        self._last_end = max(self._last_end, end)
        self._hypotheses.put(Hypothesis(line.utterance, line.start, end, self._position, items, final))

    @property
    def _position(self) -> int:
        return self._fed * 1000 // RATE


def _open(model: Any) -> Any:
    # The take updates the lines itself, so the library's own timer must never come due.
    stream = model.create_stream(update_interval=float("inf"))
    stream.start()
    return stream


def _update(stream: Any, pcm: bytes, last: bool) -> list[Any] | None:
    """The transcript's lines with `pcm` heard, oldest first; None where the library could not decode them."""
    if pcm:
        samples = np.frombuffer(pcm, np.int16).astype(np.float32) / 32768
        stream.add_audio(samples.tolist(), RATE)
    lines: list[Any] | None
    try:
        # The library decodes less than half a second only when told to, and stopping drops what is not decoded.
        lines = stream.update_transcription(Transcriber.MOONSHINE_FLAG_FORCE_UPDATE if last else 0).lines
    except MoonshineError as error:
        _LOG.debug("moonshine could not decode its open line: %s", error)
        lines = None
    if last and (ended := stream.stop()) is not None:
        return [*(lines or ()), *ended.lines]
    return lines


def _said(items: tuple[Word, ...]) -> list[tuple[str, bool | None]]:
    return [(item.text, item.stable) for item in items]
