"""The languages of Polly's voices."""

from __future__ import annotations

#: Polly's names for its codes.
NAMES = {
    "ar-AE": "Gulf Arabic",
    "arb": "Arabic",
    "ca-ES": "Catalan",
    "cmn-CN": "Chinese Mandarin",
    "cs-CZ": "Czech",
    "cy-GB": "Welsh",
    "da-DK": "Danish",
    "de-AT": "Austrian German",
    "de-CH": "Swiss Standard German",
    "de-DE": "German",
    "en-AU": "Australian English",
    "en-GB": "British English",
    "en-GB-WLS": "Welsh English",
    "en-IE": "Irish English",
    "en-IN": "Indian English",
    "en-NZ": "New Zealand English",
    "en-SG": "Singaporean English",
    "en-US": "US English",
    "en-ZA": "South African English",
    "es-ES": "Castilian Spanish",
    "es-MX": "Mexican Spanish",
    "es-US": "US Spanish",
    "fi-FI": "Finnish",
    "fr-BE": "Belgian French",
    "fr-CA": "Canadian French",
    "fr-FR": "French",
    "hi-IN": "Hindi",
    "is-IS": "Icelandic",
    "it-IT": "Italian",
    "ja-JP": "Japanese",
    "ko-KR": "Korean",
    "nb-NO": "Norwegian",
    "nl-BE": "Belgian Dutch",
    "nl-NL": "Dutch",
    "pl-PL": "Polish",
    "pt-BR": "Brazilian Portuguese",
    "pt-PT": "Portuguese",
    "ro-RO": "Romanian",
    "ru-RU": "Russian",
    "sv-SE": "Swedish",
    "tr-TR": "Turkish",
    "yue-CN": "Cantonese",
}
_RENAMED = {"arb": "ar", "cmn": "zh", "yue": "zh"}
#: What an engine may call a language instead.
_ALSO = {"nb": "no", "zh": "cmn"}


def spoken(code: str, known: frozenset[str]) -> str | None:
    """What an engine that knows those languages calls Polly's `code`; None where it does not speak it."""
    language = code.partition("-")[0]
    names = (language, renamed := _RENAMED.get(language, language), _ALSO.get(renamed, renamed))
    return next((name for name in names if name in known), None)
