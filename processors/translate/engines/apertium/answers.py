"""The answer `no`, where a pair takes it for the word that denies what follows it."""

from __future__ import annotations

import re

#: What denies a noun or a verb behind it, and can stand before no mark; and the answer in that language.
_DENIALS = {"es": ("ningún", "no"), "fr": ("ne", "non")}
#: Where a sentence, a quotation or an aside begins.
_BEGINS = re.compile(r"""(?:^|[.!?…("“«]\s*)\Z""")


def with_answers(text: str, language: str) -> str:
    """`text` in the language (ISO 639-1) with the answer wherever nothing follows that could be denied."""
    if language not in _DENIALS:
        return text
    denial, answer = _DENIALS[language]

    def put(found: re.Match[str]) -> str:
        capital = found[0][0].isupper() and _BEGINS.search(text[: found.start()])
        return answer.capitalize() if capital else answer

    return re.sub(rf"\b{denial}\b(?=\s*(?:[^\w\s]|$))", put, text, flags=re.IGNORECASE)
