"""The utterances of one take, and the records made of what its recogniser says of them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from processors.transcribe.recogniser import Hypothesis
from shared.models import FinalResult, PartialResult, Result, Silence, Word
from shared.ranges import LONGEST_NAME, MAX_WORDS

log = logging.getLogger(__name__)

#: Pieces of audio whose capture is remembered: no recogniser is a minute behind what it was fed.
_CAPTURES_KEPT = 600


@dataclass(frozen=True, slots=True)
class FedAudio:
    """Audio up to `end` (audio time, ms) was fed; when it was captured, and its hops so far."""

    end: int
    captured_at: int
    hops: Mapping[str, int]


class Hypotheses:
    """Makes results of hypotheses: places them in audio time and keeps track of open utterances.

    `origin` is the audio time (ms) at which the take began. A result's position is bound to what it can know, its end
    and `lookahead` s behind it, where that is not None: so audio that was fed in one go reads as live audio does.
    """

    def __init__(self, session: str, take: int, origin: int, lookahead: float | None = None) -> None:
        self._session = session
        self._take = take
        self.origin = origin
        self._lookahead = None if lookahead is None else round(lookahead * 1000)
        self._fed: deque[FedAudio] = deque(maxlen=_CAPTURES_KEPT)
        self._open: dict[int, PartialResult] = {}
        self._last_final: int = 0
        #: How far (ms) the newest open utterance's results and silences have come.
        self._furthest = 0
        #: Whether it had a silence since its newest result.
        self._said_silence = False
        #: An utterance that was ended while its recogniser went on with it goes on, from `_cut` (ms) on, as another:
        #: the recogniser's numbers are this much lower than the results'.
        self._renumbered = 0
        self._cut = 0

    @property
    def open_start(self) -> int | None:
        """Where the oldest open utterance begins (audio time, ms); None where none is open."""
        return min((result.start for result in self._open.values()), default=None) if self._open else None

    def on_fed(self, audio: FedAudio) -> None:
        """Notes how much audio was fed."""
        self._fed.append(audio)

    def result(self, hypothesis: Hypothesis) -> Result | None:
        """The record for a hypothesis; None for one of an utterance that has its final."""
        utterance = hypothesis.utterance + self._renumbered
        if utterance <= self._last_final:
            return None
        shift = self.origin
        items = _shifted(hypothesis.items, shift) if shift else hypothesis.items
        start, end = hypothesis.start + shift, hypothesis.end + shift
        if start < self._cut:
            items = tuple(item for item in items if item.midpoint >= self._cut)
            if not items and utterance not in self._open:
                return None
            start, end = self._cut, max(self._cut, end)
        items = _within_limits(items)
        position = self._bound(utterance, end, hypothesis.position + shift)
        newest = self._fed_at(position)
        fields = {
            "session": self._session,
            "captured_at": newest.captured_at,
            "hops": newest.hops,
            "take": self._take,
            "utterance": utterance,
            "start": start,
            "end": end,
            "position": position,
            "items": items,
            "language": hypothesis.language,
        }
        if not hypothesis.final:
            partial = PartialResult(**fields)  # type: ignore[arg-type]
            self._open[utterance] = partial
            if utterance == max(self._open):
                self._furthest = position
                self._said_silence = False
            return partial
        self._open.pop(utterance, None)
        self._last_final = utterance
        return FinalResult(**fields)  # type: ignore[arg-type]

    def silence(self, position: int, first: int, step: int) -> Silence | None:
        """The record that says that nothing is new up to `position` (audio time, ms).

        None where no utterance is open, or where that is less than `first` ms behind its newest result, or `step` ms
        behind its newest silence.
        """
        if not self._open or position < self._furthest + (step if self._said_silence else first):
            return None
        self._furthest = position
        self._said_silence = True
        newest = self._fed[-1] if position > self._fed[-1].end else self._fed_at(position)
        return Silence(
            session=self._session,
            captured_at=newest.captured_at,
            hops=newest.hops,
            take=self._take,
            utterance=max(self._open),
            position=position,
        )

    def finalise_open(self) -> list[FinalResult]:
        """The newest partial of each open utterance as its final: no more is heard of them.

        A recogniser that goes on with one all the same begins another utterance by that.
        """
        if not self._open:
            return []
        finals = [
            FinalResult(**{name: getattr(partial, name) for name in partial.__dataclass_fields__})
            for _, partial in sorted(self._open.items())
        ]
        self._renumbered += max(self._open) - min(self._open) + 1
        self._last_final = max(self._open)
        self._cut = max(partial.end for partial in finals)
        self._open.clear()
        return finals

    def _bound(self, utterance: int, end: int, position: int) -> int:
        if self._lookahead is None:
            return position
        before = self._open.get(utterance)
        least = 0 if before is None else before.position
        if before is not None and utterance == max(self._open):
            least = self._furthest
        return max(least, min(position, end + self._lookahead))

    def _fed_at(self, position: int) -> FedAudio:
        while len(self._fed) > 1 and self._fed[0].end < position:
            self._fed.popleft()
        return self._fed[0]


def _within_limits(items: tuple[Word, ...]) -> tuple[Word, ...]:
    """The items without what no record takes: nobody says so many, or so long ones, in one utterance."""
    if len(items) <= MAX_WORDS and all(item.start >= 0 and len(item.text) <= LONGEST_NAME for item in items):
        return items
    log.warning(
        "a recogniser says %d words in one utterance, or one that is no word; what is too much is cut", len(items)
    )
    return tuple(
        replace(item, text=item.text[:LONGEST_NAME], start=max(0, item.start), end=max(0, item.end))
        for item in items[:MAX_WORDS]
    )


def _shifted(items: Iterable[Word], by: int) -> tuple[Word, ...]:
    """The items `by` ms later."""
    return tuple(replace(item, start=item.start + by, end=item.end + by) for item in items)
