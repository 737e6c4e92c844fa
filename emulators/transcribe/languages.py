"""The languages of the service's model."""

from __future__ import annotations

#: Its language codes.
# fmt: off
LANGUAGES = frozenset({
    "af-ZA", "ar-AE", "ar-SA", "ca-ES", "cs-CZ", "da-DK", "de-CH", "de-DE", "el-GR", "en-AB", "en-AU", "en-GB",
    "en-IE", "en-IN", "en-NZ", "en-US", "en-WL", "en-ZA", "es-ES", "es-US", "eu-ES", "fa-IR", "fi-FI", "fr-CA",
    "fr-FR", "gl-ES", "he-IL", "hi-IN", "hr-HR", "id-ID", "it-IT", "ja-JP", "ko-KR", "lv-LV", "ms-MY", "nl-NL",
    "no-NO", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "so-SO", "sr-RS", "sv-SE", "th-TH", "tl-PH",
    "uk-UA", "vi-VN", "zh-CN", "zh-HK", "zh-TW", "zu-ZA",
})
# fmt: on


def iso(code: str) -> str:
    """The ISO 639-1 code of one of the service's language codes."""
    return code.partition("-")[0]
