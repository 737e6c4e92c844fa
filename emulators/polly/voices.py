"""Polly's voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators.polly.languages import NAMES

#: Columns by tabs: id, name, gender, language code, engines, and other languages that the voice speaks too.
_TABLE = Path(__file__).with_name("voices.txt")


@dataclass(frozen=True, slots=True)
class EmulatedVoice:
    """A voice, and the languages that it speaks: its own first."""

    id: str
    name: str
    gender: str
    languages: tuple[str, ...]
    engines: tuple[str, ...]

    def described(self) -> dict[str, Any]:
        """Voice, as the API shows it."""
        own, *others = self.languages
        shown = {
            "Gender": self.gender,
            "Id": self.id,
            "LanguageCode": own,
            "LanguageName": NAMES[own],
            "Name": self.name,
            "SupportedEngines": list(self.engines),
        }
        return shown | ({"AdditionalLanguageCodes": others} if others else {})


def _read(line: str) -> EmulatedVoice:
    key, name, gender, language, engines, *others = line.split("\t")
    return EmulatedVoice(key, name, gender, (language, *" ".join(others).split()), tuple(engines.split()))


def _table() -> Sequence[EmulatedVoice]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return [_read(line) for line in lines if not line.startswith("#")]


#: By id.
VOICES = {voice.id: voice for voice in _table()}
