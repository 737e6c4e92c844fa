"""How a session wants to be translated."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Style:
    """A terminology's name, whether profane words are masked, and `formal`, `informal` or None for as it comes."""

    terminology: str | None = None
    mask_profanity: bool = False
    formality: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What these settings ask for."""
        formality = settings.translate_formality
        return cls(
            settings.translate_terminology or None,
            settings.translate_profanity == "mask",
            None if formality == "default" else formality,
        )

    @property
    def mark(self) -> str:
        """Tells this style from others where translations are kept; empty for the plain one."""
        if self == PLAIN:
            return ""
        asked = "\n".join((self.terminology or "", str(self.mask_profanity), self.formality or ""))
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


#: As an engine translates when nothing is asked of it.
PLAIN = Style()
