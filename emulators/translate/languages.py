"""The languages that Amazon Translate knows, and what it can do in them."""

from __future__ import annotations

_CODES = (
    "af am ar az bg bn bs ca cs cy da de el en es es-MX et fa fa-AF fi fr fr-CA ga gu ha he hi hr ht hu hy id is it "
    "ja ka kk kn ko lt lv mk ml mn mr ms mt nl no pa pl ps pt pt-PT ro ru si sk sl so sq sr sv sw ta te th tl tr "
    "uk ur uz vi zh zh-TW"
)
#: Its codes.
CODES = frozenset(_CODES.split())
#: Target languages in which it can be formal or informal.
FORMALITY = frozenset({"de", "es", "es-MX", "fr", "fr-CA", "hi", "it", "ja", "ko", "nl", "pt-PT"})
#: Languages from and into English in which it can be brief.
BREVITY = frozenset({"ar", "cs", "de", "es", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "zh", "zh-TW"})

#: Words that are frequent in a language and rare in the others.
_FREQUENT = {
    "ca": "amb aquest aquesta els les però és una molt què això són perquè i",
    "de": "der die das und ist nicht ein eine mit ich wir zu auf für auch",
    "en": "the and is are of to you that this with was for not have it",
    "es": "el los las y pero es una con muy qué esto son porque está del",
    "fr": "le les et est une des dans pour pas que avec vous nous c'est mais",
    "it": "il gli e è una con che per non sono di questo questa della ma",
    "pt": "o os as e é uma com não para que isto são do da muito mas",
}
_WORDS = {language: frozenset(words.split()) for language, words in _FREQUENT.items()}


def base(code: str) -> str:
    """The language without its region, which is how the engines name it."""
    return code.partition("-")[0]


def detected(text: str) -> str | None:
    """The language that has more of the text's words among its frequent ones than any other; None where none has."""
    said = [word.strip('.,;:!?¡¿"()').lower() for word in text.split()]
    counts = {language: sum(word in words for word in said) for language, words in _WORDS.items()}
    best = max(counts.values())
    found = [language for language, count in counts.items() if count == best]
    return found[0] if best and len(found) == 1 else None
