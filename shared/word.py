"""A word of a hypothesis or of committed text."""

from __future__ import annotations

from dataclasses import dataclass

#: What stands for a word that a vocabulary filter masks.
MASK = "***"


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a punctuation mark of a hypothesis, placed in audio time (ms).

    `stable` is None where the engine does not mark stability; `confidence` lies in 0-1. `spaced` says whether white
    space stands before it; None where nobody knows: see `shared.text.join`.
    """

    text: str
    start: int
    end: int
    stable: bool | None = None
    confidence: float | None = None
    speaker: str | None = None
    spaced: bool | None = None

    @property
    def is_punctuation(self) -> bool:
        """True where no character of the text is a letter or a digit; a masked word is a word."""
        return self.text != MASK and not any(map(str.isalnum, self.text))

    @property
    def midpoint(self) -> float:
        """The middle of the word's span, audio time in ms."""
        return (self.start + self.end) / 2
