"""What captions are told where a final contradicts what was committed before it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.models import Correction, FinalResult, Word
from shared.text import join

#: Utterances that a take may have before revisions of two takes meet.
_UTTERANCES = 1 << 20


def correction(final: FinalResult, numbers: range, words: Sequence[Word]) -> Correction:
    """Says that the segments of these numbers read as the final's `words`; a replay says the same."""
    return Correction(
        session=final.session,
        captured_at=final.captured_at,
        hops=final.hops,
        first=numbers.start,
        last=numbers.stop - 1,
        revision=final.take * _UTTERANCES + final.utterance,
        text=join(words),
    )
