"""The utterances of one take, and the records made of what its recogniser says of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from processors.transcribe.recogniser import Hypothesis
from shared.models import FinalResult, PartialResult, Result, Word

#: Pieces of audio whose capture is remembered: no recogniser is a minute behind what it was fed.
_REMEMBERED = 600


@dataclass(frozen=True, slots=True)
class Fed:
    """Audio up to `end` (audio time, ms) was fed; when it was captured, and its hops so far."""

    end: int
    captured_at: int
    hops: Mapping[str, int]


class Hypotheses:
    """Makes results of hypotheses: places them in audio time and keeps track of open utterances.

    `origin` is the audio time (ms) at which the take began.
    """

    def __init__(self, session: str, take: int, origin: int) -> None:
        self._session = session
        self._take = take
        self._origin = origin
        self._fed: deque[Fed] = deque(maxlen=_REMEMBERED)
        self._open: dict[int, PartialResult] = {}
        self._finished: int = 0

    @property
    def open_start(self) -> int | None:
        """Where the oldest open utterance begins (audio time, ms); None where none is open."""
        return min((result.start for result in self._open.values()), default=None)

    def fed(self, fed: Fed) -> None:
        """Notes how much audio was fed."""
        self._fed.append(fed)

    def result(self, hypothesis: Hypothesis) -> Result | None:
        """The record for a hypothesis; None for one of an utterance that has its final."""
        if hypothesis.utterance <= self._finished:
            return None
        newest = self._newest_behind(hypothesis.position + self._origin)
        shift = self._origin
        fields = {
            "session": self._session,
            "captured_at": newest.captured_at,
            "hops": newest.hops,
            "take": self._take,
            "utterance": hypothesis.utterance,
            "start": hypothesis.start + shift,
            "end": hypothesis.end + shift,
            "position": hypothesis.position + shift,
            "items": _later(hypothesis.items, shift) if shift else hypothesis.items,
            "language": hypothesis.language,
        }
        if not hypothesis.final:
            partial = PartialResult(**fields)  # type: ignore[arg-type]
            self._open[hypothesis.utterance] = partial
            return partial
        self._open.pop(hypothesis.utterance, None)
        self._finished = hypothesis.utterance
        return FinalResult(**fields)  # type: ignore[arg-type]

    def finals_owed(self) -> list[FinalResult]:
        """The newest partial of each open utterance as its final: their recogniser says no more."""
        owed = [
            FinalResult(**{name: getattr(partial, name) for name in partial.__dataclass_fields__})
            for _, partial in sorted(self._open.items())
        ]
        self._open.clear()
        return owed

    def _newest_behind(self, position: int) -> Fed:
        while len(self._fed) > 1 and self._fed[0].end < position:
            self._fed.popleft()
        return self._fed[0]


def _later(items: Iterable[Word], by: int) -> tuple[Word, ...]:
    """The items `by` ms later."""
    return tuple(replace(item, start=item.start + by, end=item.end + by) for item in items)
