"""Which of eSpeak's voices speaks a language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: ISO 639-1 codes that eSpeak knows by another name.
_ALIASES = {"sh": "hbs"}
#: Voices whose dictionary the wheel leaves out; they would guess at every word.
_WITHOUT_DICTIONARY = {"fo", "kaa", "xex"}
_CODE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice: its identifier (`roa/es`), and how well it suits each language (`es`, `es-419`): low is good."""

    identifier: str
    languages: dict[str, int]


def by_language(voices: Iterable[Voice]) -> dict[str, str]:
    """The identifier of the best voice for each language code without a region; of equals, the first."""
    best: dict[str, tuple[int, str]] = {}
    for voice in voices:
        for language, priority in voice.languages.items():
            if _CODE.fullmatch(language) and (language not in best or priority < best[language][0]):
                best[language] = (priority, voice.identifier)
    chosen = {code: identifier for code, (_, identifier) in best.items() if code not in _WITHOUT_DICTIONARY}
    return chosen | {code: chosen[name] for code, name in _ALIASES.items() if name in chosen}
