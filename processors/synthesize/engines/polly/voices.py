"""Which of Polly's neural voices speaks a language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from botocore.loaders import Loader

from shared.errors import SettingError

_WRITTEN = re.compile(r"(?P<language>[a-z]{2,3})\s*=\s*(?P<voice>[A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice by Polly's id (`Lucia`), and the language code that it shall speak; None for the voice's own."""

    id: str
    code: str | None = None


#: A neural voice for each language that has one.
VOICES = {
    "ar": Voice("Hala", "ar-AE"),
    "ca": Voice("Arlet", "ca-ES"),
    "cs": Voice("Jitka", "cs-CZ"),
    "da": Voice("Sofie", "da-DK"),
    "de": Voice("Vicki", "de-DE"),
    "en": Voice("Joanna", "en-US"),
    "es": Voice("Lucia", "es-ES"),
    "fi": Voice("Suvi", "fi-FI"),
    "fr": Voice("Lea", "fr-FR"),
    "hi": Voice("Kajal", "hi-IN"),
    "it": Voice("Bianca", "it-IT"),
    "ja": Voice("Kazuha", "ja-JP"),
    "ko": Voice("Seoyeon", "ko-KR"),
    "nb": Voice("Ida", "nb-NO"),
    "nl": Voice("Laura", "nl-NL"),
    "no": Voice("Ida", "nb-NO"),
    "pl": Voice("Ola", "pl-PL"),
    "pt": Voice("Camila", "pt-BR"),
    "sv": Voice("Elin", "sv-SE"),
    "tr": Voice("Burcu", "tr-TR"),
    "zh": Voice("Zhiyu", "cmn-CN"),
}


def voices(overrides: str) -> dict[str, Voice]:
    """The table with `overrides` (`es=Lupe,ca=Arlet`, as in POLLY_VOICES) in place; raises SettingError."""
    chosen = dict(VOICES)
    known = None
    for entry in filter(None, map(str.strip, overrides.split(","))):
        found = _WRITTEN.fullmatch(entry)
        known = known or frozenset(Loader().load_service_model("polly", "service-2")["shapes"]["VoiceId"]["enum"])
        if found is None or found["voice"] not in known:
            raise SettingError(
                f"POLLY_VOICES={overrides}: expected LANGUAGE=VOICE by commas, such as es=Lupe,ca=Arlet, with voices "
                f"that boto3 knows, got {entry}"
            )
        usual = VOICES.get(found["language"])
        if usual is None or found["voice"] != usual.id:
            chosen[found["language"]] = Voice(found["voice"])
    return chosen
