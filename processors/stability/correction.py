"""What is said where a final contradicts the segments that were committed before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from processors.stability.amounts import amounts_differ
from processors.stability.numerals import Numerals
from shared.alignment import difference, spelling
from shared.models import Correction, FinalResult, Segment, Word
from shared.text import join

#: A final may differ by this much from a segment before it counts as contradicting it.
_CONTRADICTION = 0.2
#: Utterances that a take may have before revisions of two takes meet.
_UTTERANCES = 1 << 20


def corrections(
    final: FinalResult, segments: Sequence[Segment], restated: Sequence[Word], numerals: Numerals
) -> Iterator[Correction]:
    """What of the segments the final contradicts; `restated` are its items in their place. A replay says the same.

    Each segment is compared for itself, so that a wrong one is seen among many that are right, and a number counts
    whatever its share of the segment is; `numerals` are those of its language. Wrong ones that stand next to each
    other are corrected as one.
    """
    wrong: _Part | None = None
    for part in _parts(segments, restated, numerals):
        if part.differs > _CONTRADICTION or amounts_differ(part.words, part.restated, numerals):
            wrong = part if wrong is None else wrong.joined(part)
        elif wrong is not None:
            yield _correction(final, wrong, numerals)
            wrong = None
    if wrong is not None:
        yield _correction(final, wrong, numerals)


@dataclass(frozen=True, slots=True)
class _Part:
    """Segments in a row, what the final says in their place, and how much (0-1) the worst of them differs."""

    segments: tuple[Segment, ...]
    restated: tuple[Word, ...]
    differs: float

    @property
    def words(self) -> list[Word]:
        return [word for segment in self.segments for word in segment.words]

    def joined(self, other: _Part) -> _Part:
        return _Part(self.segments + other.segments, self.restated + other.restated, max(self.differs, other.differs))


def _correction(final: FinalResult, wrong: _Part, numerals: Numerals) -> Correction:
    return Correction(
        session=final.session,
        captured_at=final.captured_at,
        hops=final.hops,
        first=wrong.segments[0].number,
        last=wrong.segments[-1].number,
        revision=final.take * _UTTERANCES + final.utterance,
        text=join(wrong.restated),
        language=final.language,
        number_wrong=amounts_differ(wrong.words, wrong.restated, numerals),
    )


def _parts(segments: Sequence[Segment], restated: Sequence[Word], numerals: Numerals) -> Iterator[_Part]:
    """The segments one by one, and together where other words stand in the place of the end of one."""
    held: _Part | None = None
    begin = 0
    for segment, (end, torn) in zip(segments, _ends(segments, restated), strict=True):
        share = tuple(restated[begin:end])
        part = _Part((segment,), share, difference(segment.words, share, numerals.digits))
        held, begin = part if held is None else held.joined(part), end
        if not torn:
            yield held
            held = None


def _ends(segments: Sequence[Segment], restated: Sequence[Word]) -> Iterator[tuple[int, bool]]:
    """Where each segment ends among the final's items, and whether only the times of its words say so."""
    places = [place for place, item in enumerate(restated) if spelling(item.text)]
    texts = [[text for word in segment.words if (text := spelling(word.text))] for segment in segments]
    known = [text for segment in texts for text in segment]
    opcodes = SequenceMatcher(None, known, [spelling(restated[p].text) for p in places], autojunk=False).get_opcodes()
    done = 0
    for segment, words in zip(segments[:-1], texts, strict=False):
        done += len(words)
        at, torn = 0, False
        for tag, first, last, begin, end in opcodes:
            if first > done or (first == done and tag != "insert"):
                break
            at, torn = end, first < done < last and tag != "equal"
            if tag == "equal":
                at = begin + min(done, last) - first
            elif torn or first == done:
                at = begin + sum(restated[place].midpoint < segment.end for place in places[begin:end])
        yield (places[at] if at < len(places) else len(restated)), torn
    if segments:
        yield len(restated), False
