"""The Amazon Translate engine."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from processors.engines.split_text import split_text
from processors.translate.style import PLAIN, Style
from processors.translate.translator import Translator
from shared.aws import Aws, AwsError, AwsRetries
from shared.errors import EngineUnavailable, ResourceMissing, UnsupportedLanguage

log = logging.getLogger(__name__)

#: UTF-8 bytes that Translate takes in one request.
LIMIT = 10_000
#: A call that nobody waits for any more leaves its thread within half a minute.
_TRIES = AwsRetries(3, read_timeout=5)
#: Seconds that a terminology which was not there is done without.
_LACKING_FOR = 60.0
#: ISO 639-1 codes that Translate uses as they are. `es` is European Spanish, `fr` that of France, `pt` Brazilian
#: Portuguese, `zh` Chinese in simplified characters, and `tl` Filipino.
_SHARED = (
    "af am ar az bg bn bs ca cs cy da de el en es et fa fi fr ga gu ha he hi hr ht hu hy id is it ja ka kk kn ko lt lv "
    "mk ml mn mr ms mt nl no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh"
)
#: Those that it knows by another code.
_RENAMED = {"nb": "no"}

#: Translate's code for each language.
_CODES = {code: code for code in _SHARED.split()} | _RENAMED


class AwsTranslator(Translator):
    """Translates with Amazon Translate, found by the usual AWS means. SetupError where those are not set up.

    Calls run in parallel, on threads, and are tried again with random pauses when throttled. No error quotes the text.
    A terminology that Translate does not have is done without, and logged.
    """

    name = "aws"
    billed = True

    def __init__(self, aws: Aws | None = None) -> None:
        self._client = (aws or Aws()).client("translate", EngineUnavailable, _TRIES)
        self._lacking: dict[str, float] = {}

    def targets(self, source: str) -> frozenset[str]:
        """Every language of Translate but the source; none where it does not know the source."""
        if source not in _CODES:
            return frozenset()
        return frozenset(code for code, known in _CODES.items() if known != _CODES[source])

    def applied(self, style: Style) -> Style:
        """Without its terminology while Translate lacks it."""
        return replace(style, terminology=self._terminology(style))

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        """The text in `target`, its blanks at both ends kept; one over 10,000 bytes goes in pieces, by sentences."""
        if target not in self.targets(source):
            known = ", ".join(sorted(self.targets(source))) or "none"
            raise UnsupportedLanguage(f"expected a target that is reached from {source} ({known}), got {target}")
        made: list[str] = []
        for piece in split_text(text, LIMIT, _size):
            words = piece.strip()
            before, _, after = piece.partition(words) if words else (piece, "", "")
            made += before, await self._translate_piece(words, source, target, style) if words else "", after
        return "".join(made)

    async def close(self) -> None:
        """Holds nothing: the threads end by themselves."""

    async def _translate_piece(self, words: str, source: str, target: str, style: Style) -> str:
        terminology = self._terminology(style)
        try:
            try:
                answer = await self._ask(words, source, target, style, terminology)
            except ResourceMissing as error:
                if terminology is None:
                    raise
                log.warning("translate: goes on without the terminology %s: %s", terminology, error)
                self._lacking[terminology] = asyncio.get_running_loop().time() + _LACKING_FOR
                answer = await self._ask(words, source, target, style, None)
        except AwsError as error:
            # Its message may quote the text.
            if error.code == "UnsupportedLanguagePairException":
                raise UnsupportedLanguage(f"Amazon Translate has no way from {source} to {target}") from None
            size = f"{_size(words)} bytes from {source} to {target}"
            raise EngineUnavailable(f"Amazon Translate refused {size}: {error.code}") from None
        return str(answer["TranslatedText"])

    def _terminology(self, style: Style) -> str | None:
        now = asyncio.get_running_loop().time()
        return style.terminology if self._lacking.get(style.terminology or "", now) <= now else None

    async def _ask(self, words: str, source: str, target: str, style: Style, terminology: str | None) -> dict[str, Any]:
        more: dict[str, Any] = {} if terminology is None else {"TerminologyNames": [terminology]}
        settings = {"Profanity": "MASK"} if style.mask_profanity else {}
        if style.formality is not None:
            settings["Formality"] = style.formality.upper()
        if settings:
            more["Settings"] = settings
        return await self._client.call(
            "translate_text",
            Text=words,
            SourceLanguageCode=_CODES[source],
            TargetLanguageCode=_CODES[target],
            **more,
        )


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
