"""What Amazon Translate does with a request."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from emulators.service_error import ServiceError
from emulators.service_model import Requests
from emulators.translate import languages, terminology
from emulators.translate.profanity import masked
from emulators.translate.terminology import Terminology
from processors.translate.translator import Translator
from shared.errors import EngineUnavailable, UnsupportedLanguage

Answer = dict[str, Any]
#: UTF-8 bytes that one request may translate.
LIMIT = 10_000
#: No word of any language, so that an engine lets it pass; the number tells one from the next.
_PLACEHOLDER = "Xqz{}xq"


class TranslateService:
    """Translates with an offline engine; terminologies are kept in memory.

    `auto` as the source is told by frequent words of seven languages; a text without any is refused with
    DetectedLanguageLowConfidenceException. Regions (`es-MX`) are taken and make no difference.
    """

    def __init__(self, engine: Translator) -> None:
        self._engine = engine
        self._requests = Requests("translate")
        self._terminologies: dict[str, Terminology] = {}
        self._operations: Mapping[str, Callable[[Answer], Awaitable[Answer]]] = {
            "TranslateText": self._translate_text,
            "ImportTerminology": self._import,
            "GetTerminology": self._get,
            "ListTerminologies": self._list,
            "DeleteTerminology": self._delete,
        }

    async def answer(self, operation: str, request: object) -> Answer:
        """The answer to one request, as JSON takes it; ServiceError with a modelled error."""
        if operation not in self._operations:
            expected = ", ".join(self._operations)
            raise ServiceError("UnknownOperationException", f"expected one of {expected}, got {operation}")
        if isinstance(request, dict) and isinstance(request.get("Text"), str):
            _check_size(request["Text"])
        return await self._operations[operation](self._requests.read(operation, request))

    async def _translate_text(self, request: Answer) -> Answer:
        text, target = request["Text"], request["TargetLanguageCode"]
        source = request["SourceLanguageCode"]
        if source == "auto" and (source := languages.detected(text)) is None:
            raise ServiceError("DetectedLanguageLowConfidenceException", "the language of the text is not certain")
        self._check_pair(source, target)
        chosen = self._chosen(request.get("TerminologyNames", []))
        terms = chosen.found(text, source, target) if chosen else {}
        translated = await self._translated(text, languages.base(source), languages.base(target), terms)
        settings = _applied(request.get("Settings", {}), source, target)
        if "Profanity" in settings:
            translated = masked(translated)
        answer = {"TranslatedText": translated, "SourceLanguageCode": source, "TargetLanguageCode": target}
        if chosen and terms:
            applied = [{"SourceText": term, "TargetText": translation} for term, translation in terms.items()]
            answer["AppliedTerminologies"] = [{"Name": chosen.name, "Terms": applied}]
        return answer | ({"AppliedSettings": settings} if settings else {})

    async def _translated(self, text: str, source: str, target: str, terms: Mapping[str, str]) -> str:
        """The text by the engine, its terms by the terminology."""
        if not terms:
            return await self._ask(text, source, target)
        parts = terminology.split(text, dict(terms))
        marks = {_PLACEHOLDER.format(at): terms[parts[at]] for at in range(1, len(parts), 2)}
        order = iter(marks)
        translated = await self._ask(
            "".join(next(order) if at % 2 else part for at, part in enumerate(parts)), source, target
        )
        if any(translated.count(mark) != 1 for mark in marks):
            # The engine made something else of a mark: so it gets what is between the terms alone.
            return "".join(
                [terms[part] if at % 2 else await self._between(part, source, target) for at, part in enumerate(parts)]
            )
        for mark, term in marks.items():
            translated = translated.replace(mark, term)
        return translated

    async def _between(self, text: str, source: str, target: str) -> str:
        words = text.strip()
        before, _, after = text.partition(words) if words else (text, "", "")
        return before + (await self._ask(words, source, target) if words else "") + after

    async def _ask(self, text: str, source: str, target: str) -> str:
        if source == target:
            return text
        try:
            return await self._engine.translate(text, source, target)
        except UnsupportedLanguage as error:
            raise ServiceError("UnsupportedLanguagePairException", f"Unsupported language pair: {error}") from None
        except EngineUnavailable as error:
            raise ServiceError("ServiceUnavailableException", str(error), 503) from None

    async def _import(self, request: Answer) -> Answer:
        data = request["TerminologyData"]
        if data["Format"] != "CSV" or data.get("Directionality", "UNI") != "UNI":
            raise ServiceError("InvalidParameterValueException", "the emulator takes directional (UNI) CSV only")
        made = Terminology.read(request["Name"], data["File"], request.get("Description", ""))
        self._terminologies[made.name] = made
        return {"TerminologyProperties": made.properties()}

    async def _get(self, request: Answer) -> Answer:
        return {"TerminologyProperties": self._named(request["Name"]).properties()}

    async def _list(self, request: Answer) -> Answer:
        names = sorted(self._terminologies)
        after = _token(request.get("NextToken", ""))
        left = [name for name in names if name > after]
        page = left[: request.get("MaxResults", 500)]
        answer: Answer = {"TerminologyPropertiesList": [self._terminologies[name].properties() for name in page]}
        if len(page) < len(left):
            answer["NextToken"] = base64.b64encode(page[-1].encode()).decode()
        return answer

    async def _delete(self, request: Answer) -> Answer:
        del self._terminologies[self._named(request["Name"]).name]
        return {}

    def _chosen(self, names: Sequence[str]) -> Terminology | None:
        # The model has a list of any length; its documentation, and the service, take one name.
        if len(names) > 1:
            raise ServiceError(
                "InvalidRequestException", f"TerminologyNames: expected one name at most, got {len(names)}"
            )
        return self._named(names[0]) if names else None

    def _named(self, name: str) -> Terminology:
        if name not in self._terminologies:
            raise ServiceError("ResourceNotFoundException", f"there is no terminology {name}", 404)
        return self._terminologies[name]

    def _check_pair(self, source: str, target: str) -> None:
        if not languages.CODES.issuperset((source, target)):
            raise ServiceError("UnsupportedLanguagePairException", f"Unsupported language pair: {source} to {target}.")


def _applied(settings: Mapping[str, str], source: str, target: str) -> dict[str, str]:
    """Those of the settings that Translate heeds for this pair; it ignores the others."""
    heeded = {
        "Profanity": True,
        "Formality": target in languages.FORMALITY,
        "Brevity": (source == "en" and target in languages.BREVITY) or (target == "en" and source in languages.BREVITY),
    }
    return {name: value for name, value in settings.items() if heeded[name]}


def _check_size(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LIMIT:
        raise ServiceError(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is {LIMIT} bytes while in this request "
            f"the text size is {size} bytes",
        )


def _token(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        raise ServiceError("InvalidParameterValueException", "NextToken is none that was given out") from None
