"""One utterance while it is open: its newest result, and what of it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from processors.contract import Input
from processors.stability.merged_words import split_merged
from processors.stability.numerals import Numerals
from processors.stability.reading import Reading
from shared import alignment
from shared.models import Result, Segment, Word
from shared.settings import Settings
from shared.word_stability import PacedAgreement

#: Words that are left open where nothing is stable.
_OPEN = 2


class Extent(Enum):
    """How much of a hypothesis is to be committed."""

    BOUNDARY = auto()
    #: What is stable, but for a number that may go on.
    STABLE = auto()
    #: What is stable, where nothing more is waited for.
    LAST = auto()
    EVERYTHING = auto()


class Utterance:
    """Reads the results of one utterance of one take.

    While `inherits`, what is committed of it was committed by another operator, or in another take, if at all.
    """

    def __init__(self, number: int, numerals: Numerals, *, inherits: bool) -> None:
        self.number = number
        self._numerals = numerals
        self.inherits = inherits
        #: The input of the newest result, until it is acked.
        self.held: Input | None = None
        #: Loop times (s) at which that came, and at which the newest evidence did: a result, or a silence.
        self.received_at = self.evidence_at = 0.0
        #: How far (audio time, ms) the recogniser is known to have decoded: now, and when the newest result came.
        self.decoded_until = self.result_until = 0
        #: Whether it still waits for its rate window.
        self.pending = False
        #: Whether a pause behind the newest result has been acted on.
        self.paused = False
        self.at_seam = False
        #: The newest result that was read, and its items as they were read.
        self.reading = Reading((), numerals)
        self._items: tuple[Word, ...] = ()
        self._agreement = PacedAgreement()
        self._inherited: list[Word] = []
        self._own: list[Word] = []
        #: How the words of both are spelled.
        self._spelled: list[str] = []
        #: What this operator has committed of it.
        self.segments: list[Segment] = []
        #: Audio time (ms) decoded when there was a word at this index first.
        self._seen: list[int] = []

    def add_result(self, received: Input, result: Result, at: float) -> Input | None:
        """Adds the utterance's next result; returns the input that is needed no more."""
        before, self.held = self.held, received
        self.newest = result
        self.received_at = self.evidence_at = at
        self.decoded_until = self.result_until = max(self.decoded_until, result.position)
        self.paused = False
        return before

    def add_silence(self, position: int, at: float) -> bool:
        """Nothing new was heard up to `position` (audio time, ms); False where that much was known already."""
        if position <= self.decoded_until:
            return False
        self.decoded_until, self.evidence_at = position, at
        return True

    @property
    def silence(self) -> float:
        """Seconds of audio that are known to have brought nothing new since the newest result."""
        return (self.decoded_until - self.result_until) / 1000

    def pauses_before(self, result: Result, threshold: float) -> bool:
        """Whether `threshold` s of audio lie between the newest result's words and the first new one of its next."""
        known, items = self.newest.items, result.items
        if not known or not items or items[-1].start - known[-1].end < threshold * 1000:
            return False
        first = alignment.within(known, items, known[-1].end)
        return first < len(items) and items[first].start - known[-1].end >= threshold * 1000

    def read(self, tail: Sequence[Word], frontier: int) -> None:
        """Reads the newest result, given the session's last committed words and its frontier (audio time, ms)."""
        reading, items = Reading(self.newest.items, self._numerals), self.newest.items
        if self.inherits:
            reading.committed = reading.words_of(alignment.across(tail, items, frontier))
        elif reading.begins_with(self._spelled):
            reading.committed = len(self._spelled)
        else:
            if (split := self._split_merged(items)) is not items:
                reading, items = Reading(split, self._numerals), split
            known = [*self._inherited, *self._own]
            reading.committed = reading.words_of(alignment.within(known, items, frontier, self._numerals.digits))
        self.reading, self._items = reading, items
        reading.mark_stable(self._agreement, self.newest.position)
        self._seen += [self.result_until] * (len(reading) - len(self._seen))
        if self.inherits and tail and len(reading) and reading.word(0).start < frontier:
            self.at_seam = True

    @property
    def uncommitted(self) -> int:
        """How many words of the newest reading are not committed."""
        return len(self.reading) - self.reading.committed

    @property
    def buffered(self) -> float:
        """The span of the uncommitted words, in s."""
        reading = self.reading
        if reading.committed == len(reading):
            return 0.0
        return (reading.word(len(reading) - 1).end - reading.word(reading.committed).start) / 1000

    def target(self, extent: Extent, settings: Settings) -> int:
        """How many words of the reading are to be committed now, those already committed among them."""
        reading = self.reading
        if extent is Extent.EVERYTHING or not self.uncommitted:
            return len(reading)
        limit = reading.committable(settings.min_stability_threshold)
        stable = limit > reading.committed
        late = self.decoded_until - reading.word(reading.committed).start >= settings.max_buffered_speech * 1000
        waited = self.decoded_until - self._seen[reading.committed] >= settings.max_buffer_timeout * 1000
        if not (extent in (Extent.STABLE, Extent.LAST) or late or (stable and waited)):
            return reading.boundary(limit)
        if not stable:
            limit = max(len(reading) - _OPEN, reading.committed)
        if extent is Extent.LAST:
            return limit
        if late:
            cuts = (reading.outside_numbers(limit), reading.between_numbers(limit), limit)
            return next(cut for cut in cuts if cut > reading.committed or cut == limit)
        return reading.between_numbers(limit) if extent is Extent.STABLE else reading.outside_numbers(limit)

    def commit(self, target: int, claimed: Sequence[Segment]) -> None:
        """Notes that the reading's words up to `target` are committed, in these segments."""
        reading = self.reading
        if self.inherits:
            self.inherits = False
            self._inherited = reading.words(0, reading.committed)
        self._own += reading.words(reading.committed, target)
        self._spelled = alignment.spellings([*self._inherited, *self._own])
        self.segments += claimed
        reading.committed = target

    def forget_committed(self) -> None:
        """Another worker has decided on this utterance: what is committed of it is to be aligned again."""
        self.inherits = True
        self._inherited, self._own, self._spelled, self.segments = [], [], [], []

    def restated(self, frontier: int) -> Sequence[Word]:
        """The items of the final just read that stand in the place of its segments."""
        if not self._own:
            return ()
        items, digits = self._items, self._numerals.digits
        inherited = self._inherited
        first = alignment.within(inherited, items, self._own[0].start, digits) if inherited else 0
        last = max(first, alignment.within([*inherited, *self._own], items, frontier, digits))
        return items[first:last]

    def _split_merged(self, items: tuple[Word, ...]) -> tuple[Word, ...]:
        """The items; a word that merges several of the reading before, the first of them committed, is split again."""
        return split_merged(self._own, self.reading.uncommitted_words, items, self._numerals) if self._own else items

    def reaches(self, tail: Sequence[Word]) -> bool:
        """Whether the reading ends in the session's last committed word: what follows it is new."""
        return (
            bool(tail) and len(self.reading) > 0 and alignment.same(self.reading.word(len(self.reading) - 1), tail[-1])
        )
