"""Which language code of Amazon Transcribe stands for which ISO 639-1 code."""

from __future__ import annotations

import re

from shared.errors import SettingError

#: Every language that Transcribe hears in a stream, in the variety taken for it where no setting names another.
_CODES = (
    "af-ZA ar-SA ca-ES cs-CZ da-DK de-DE el-GR en-US es-ES eu-ES fa-IR fi-FI fr-FR gl-ES he-IL hi-IN hr-HR id-ID it-IT "
    "ja-JP ko-KR lv-LV ms-MY nl-NL no-NO pl-PL pt-PT ro-RO ru-RU sk-SK so-SO sr-RS sv-SE th-TH tl-PH uk-UA vi-VN zh-CN "
    "zu-ZA"
)
_CODE = re.compile(r"[a-z]{2}-[A-Z]{2}")
_PAIR = re.compile(rf"([a-z]{{2}})=({_CODE.pattern})")


class Languages:
    """The table, with what a setting like `en=en-GB,nb=no-NO` adds to it; raises SettingError for any other form."""

    def __init__(self, overrides: str = "") -> None:
        self._codes = {code[:2]: code for code in _CODES.split()}
        for part in _parts(overrides):
            pair = _PAIR.fullmatch(part)
            if pair is None:
                raise SettingError(
                    f"TRANSCRIBE_LANGUAGE_CODES={overrides}: expected language=code, such as en=en-GB, got {part}"
                )
            self._codes[pair[1]] = pair[2]
        self._languages = {code: language for language, code in self._codes.items()}

    def known(self) -> frozenset[str]:
        """The ISO 639-1 codes."""
        return frozenset(self._codes)

    def code(self, language: str) -> str | None:
        """What Transcribe calls the language; None where it does not hear it."""
        return self._codes.get(language)

    def language(self, code: str) -> str:
        """The ISO 639-1 code of a language code of Transcribe's."""
        return self._languages.get(code, code[:2])


def language_options(text: str) -> tuple[str, ...]:
    """The codes of TRANSCRIBE_LANGUAGE_OPTIONS; raises SettingError unless there are none, or two that differ."""
    codes = tuple(_parts(text))
    if codes and (len({code[:2] for code in codes}) != len(codes) or len(codes) == 1 or not all(map(_is_code, codes))):
        raise SettingError(
            f"TRANSCRIBE_LANGUAGE_OPTIONS={text}: expected two language codes or more, such as en-US,es-US, "
            "and one variety of a language"
        )
    return codes


def _is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
