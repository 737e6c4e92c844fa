"""The Apertium engine: pipelines by pair, and ways through a third language where there is no direct pair."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

from processors.translate.engines.apertium import mode, packages
from processors.translate.engines.apertium.markup import match_case
from processors.translate.engines.apertium.pipeline import PairPipeline
from processors.translate.engines.apertium.routes import Pair, routes
from processors.translate.style import PLAIN, Style
from processors.translate.translator import Translator
from shared.errors import EngineUnavailable, UnsupportedLanguage

#: Where Debian's packages put their mode files.
MODES = Path("/usr/share/apertium/modes")

_INSTALL = "apt-get install apertium apertium-eng-spa apertium-eng-cat"
#: A pair may take the answer `no` for the word that denies what follows it. That word, which can stand before no mark;
#: and the answer.
_DENIALS = {"es": ("ningún", "no"), "fr": ("ne", "non")}
#: Where a sentence, a quotation or an aside begins.
_BEGINS = re.compile(r"""(?:^|[.!?…("“«]\s*)\Z""")


class ApertiumTranslator(Translator):
    """Translates through the pairs whose mode files lie in `modes`; `timeout` (s) bounds one pair's work on a line.

    Unknown words pass as they are. Raises EngineUnavailable where no pair is installed.
    """

    name = "apertium"
    billed = False

    def __init__(self, modes: Path = MODES, *, timeout: float = 10.0) -> None:
        self._pipelines: dict[Pair, PairPipeline] = {}
        for pair, path in mode.installed(modes).items():
            try:
                commands = mode.parse(path.read_text(encoding="utf-8"))
            except ValueError:
                # A pair that this way of running cannot serve counts as not installed.
                continue
            self._pipelines[pair] = PairPipeline(path.stem, commands, timeout)
        if not self._pipelines:
            raise EngineUnavailable(f"expected Apertium's pairs in {modes}, found none: {_INSTALL}")

    def targets(self, source: str) -> frozenset[str]:
        """The languages that a pair, or a way through several, leads to from `source`."""
        return frozenset(routes(self._pipelines, source))

    def applied(self, style: Style) -> Style:
        """It knows no styles."""
        return PLAIN

    async def translate(self, text: str, source: str, target: str, style: Style = PLAIN) -> str:
        """The text in `target`, line by line; runs of blanks are folded. It knows no styles."""
        route = routes(self._pipelines, source).get(target)
        if route is None:
            raise UnsupportedLanguage(self._advice(source, target))
        lines = [" ".join(line.replace("\0", "").split()) for line in text.split("\n")]
        for pair in pairwise(route):
            pipeline = self._pipelines[pair]
            made = [await pipeline.translate(line) if line else line for line in lines]
            lines = [match_case(_with_answers(text, pair[1]), line) for text, line in zip(made, lines, strict=True)]
        return "\n".join(lines)

    async def close(self) -> None:
        """Ends every process."""
        await asyncio.gather(*(pipeline.close() for pipeline in self._pipelines.values()))

    def _advice(self, source: str, target: str) -> str:
        reached = ", ".join(sorted(self.targets(source)))
        known = ", ".join(sorted({start for start, _ in self._pipelines}))
        works = f"from {source} it reaches {reached}" if reached else f"it translates from {known}"
        lacking = " ".join(packages.missing(self._pipelines, source, target))
        more = f"apt-get install {lacking} adds it" if lacking else "no Debian package adds it"
        return f"apertium has no way from {source} to {target}: {works}; {more}"


def _with_answers(text: str, language: str) -> str:
    """`text` in the language (ISO 639-1) with the answer wherever nothing follows that could be denied."""
    if language not in _DENIALS:
        return text
    denial, answer = _DENIALS[language]

    def put(found: re.Match[str]) -> str:
        capital = found[0][0].isupper() and _BEGINS.search(text[: found.start()])
        return answer.capitalize() if capital else answer

    return re.sub(rf"\b{denial}\b(?=\s*(?:[^\w\s]|$))", put, text, flags=re.IGNORECASE)
