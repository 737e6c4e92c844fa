"""A recogniser that plays a script, for tests and demonstrations. What it says depends on audio time alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from processors.transcribe.engines.hypothesis_queue import HypothesisQueue
from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Hypothesis, Recogniser, RecogniserEngine
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES
from shared.sessions import Session
from shared.settings import Settings


class ScriptedEngine(RecogniserEngine):
    """Plays one script for every session, or to each session its own; a session without one hears nothing.

    Faults on request: a take drops where it is fed past an audio time of `drop_at` (ms; each once a session), the
    first `refuse_opens` openings are refused, and `variant` changes what is said by the session's openings so far
    (from 1).
    """

    feed_rate: float | None = None

    def __init__(
        self,
        script: Script | Mapping[str, Script],
        *,
        rate: int = 16000,
        languages: Collection[str] = ("en",),
        drop_at: Collection[int] = (),
        refuse_opens: int = 0,
        variant: Callable[[int, Script], Script] | None = None,
    ) -> None:
        self.rate = rate
        self._script = script
        self._languages = frozenset(languages)
        self._drop_at = sorted(drop_at)
        self._drops: dict[str, list[int]] = {}
        self._refusals = refuse_opens
        self._variant = variant
        self._opened: Counter[str] = Counter()

    @classmethod
    def from_settings(cls, settings: Settings, argument: str) -> Self:
        """Plays the file whose path is the argument; raises ScriptError."""
        return cls(Script.load(Path(argument)))

    def languages(self) -> frozenset[str]:
        return self._languages

    async def open(self, session: Session, start: int) -> _Take:
        if session.source_language not in self._languages:
            raise UnsupportedLanguage(f"this script is not in {session.source_language}")
        if self._refusals:
            self._refusals -= 1
            raise EngineUnavailable("the script refuses this opening")
        self._opened[session.id] += 1
        script = self._script if isinstance(self._script, Script) else self._script.get(session.id, Script())
        if self._variant is not None:
            script = self._variant(self._opened[session.id], script)
        drops = self._drops.setdefault(session.id, list(self._drop_at))
        return _Take(script, start, self.rate, drops)

    async def close(self) -> None:
        pass


class _Take(Recogniser):
    """The script from `start` (ms) on."""

    def __init__(self, script: Script, start: int, rate: int, drops: list[int]) -> None:
        self._script = script
        # Each is made when its time has come: a take of a long script holds no copy of it.
        self._upcoming = script.heard_from(start)
        self._next = next(self._upcoming, None)
        self._start = start
        self._rate = rate
        self._drops = drops
        self._fed = 0
        self._played = 0
        self._hypotheses = HypothesisQueue()

    @property
    def decoded(self) -> int:
        """What the script has of the audio so far is said."""
        return self._hypotheses.drained_until(self._played)

    async def feed(self, pcm: bytes) -> None:
        self._fed += len(pcm)
        position = self._fed // SAMPLE_BYTES * 1000 // self._rate
        drop = next((at for at in self._drops if self._start < at <= self._start + position), None)
        self._play(position if drop is None else drop - self._start)
        if drop is not None and not self._hypotheses.ended:
            self._drops.remove(drop)
            self._hypotheses.end()

    async def finish(self) -> None:
        """An utterance in progress has its final of the words that were fed."""
        position = self._fed // SAMPLE_BYTES * 1000 // self._rate
        newest: dict[int, Hypothesis] = {}
        # A word belongs to the take that was fed the greater part of it.
        for result in self._script.heard_from(self._start, self._start + position):
            if result.final and result.position <= self._played:
                newest.pop(result.utterance, None)
            else:
                newest[result.utterance] = result
        for result in newest.values():
            if result.items:
                items = tuple(replace(word, stable=True) for word in result.items)
                end = min(items[-1].end, position)
                self._hypotheses.put(replace(result, end=end, position=position, items=items, final=True))
        self._hypotheses.end()

    def __aiter__(self) -> HypothesisQueue:
        return self._hypotheses

    async def close(self) -> None:
        self._hypotheses.end()

    def _play(self, position: int) -> None:
        self._played = position
        while (result := self._next) is not None and result.position <= position:
            self._next = next(self._upcoming, None)
            self._hypotheses.put(result)
