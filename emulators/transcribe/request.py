"""What a caller asks of a stream, read from the request's headers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from emulators.transcribe.errors import BadRequest
from emulators.transcribe.languages import LANGUAGES, iso

PREFIX = "x-amzn-transcribe-"
_SESSION_ID = re.compile(r"[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}")
_NAME = re.compile(r"[0-9a-zA-Z._-]{1,200}")
_NAMES = re.compile(r"[a-zA-Z0-9,._-]{1,3000}")
_NOT_EMULATED = (
    "enable-channel-identification",
    "number-of-channels",
    "language-model-name",
    "content-identification-type",
    "content-redaction-type",
    "pii-entity-types",
    "session-resume-window",
)
_ECHOED = (
    "language-code",
    "sample-rate",
    "media-encoding",
    "vocabulary-name",
    "vocabulary-names",
    "vocabulary-filter-name",
    "vocabulary-filter-names",
    "vocabulary-filter-method",
    "show-speaker-label",
    "enable-partial-results-stabilization",
    "partial-results-stability",
    "identify-language",
    "identify-multiple-languages",
    "language-options",
    "preferred-language",
)


class MediaEncoding(StrEnum):
    """How the audio is written."""

    PCM = "pcm"
    FLAC = "flac"
    OGG_OPUS = "ogg-opus"


class FilterMethod(StrEnum):
    """What becomes of a word that a vocabulary filter lists."""

    REMOVE = "remove"
    MASK = "mask"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """A request that the service would take, `rate` in samples a second."""

    session_id: str
    rate: int
    encoding: MediaEncoding
    #: One code, or those to choose from where the language is to be identified; the likeliest first.
    languages: tuple[str, ...]
    identify: bool
    speakers: bool
    stabilise: bool
    filters: tuple[str, ...]
    filter_method: FilterMethod
    echo: Mapping[str, str]

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> TranscriptionRequest:
        """Raises BadRequest where the service would, and for what is not emulated."""
        fields = _Fields(headers)
        for name in _NOT_EMULATED:
            if fields.text(name) not in (None, "", "False", "false"):
                raise BadRequest(f"{PREFIX}{name} is not supported by this emulator")
        session_id = fields.text("session-id") or str(uuid4())
        if not _SESSION_ID.fullmatch(session_id):
            raise BadRequest(f"{PREFIX}session-id: expected a UUID, got {session_id}")
        for name in ("vocabulary-name", "vocabulary-filter-name"):
            fields.matching(name, _NAME)
        for name in ("vocabulary-names", "vocabulary-filter-names"):
            fields.matching(name, _NAMES)
        method = fields.one_of("vocabulary-filter-method", tuple(FilterMethod))
        filters = [fields.text(f"vocabulary-filter-{end}") or "" for end in ("name", "names")]
        level = fields.one_of("partial-results-stability", ("high", "medium", "low"))
        stabilise = fields.flag("enable-partial-results-stabilization")
        if level is not None and not stabilise:
            raise BadRequest(f"{PREFIX}partial-results-stability needs enable-partial-results-stabilization")
        languages, identify = _languages(fields)
        echo = {PREFIX + name: value for name in _ECHOED if (value := fields.text(name)) is not None}
        return cls(
            session_id=session_id,
            rate=fields.rate(),
            encoding=MediaEncoding(fields.required("media-encoding", tuple(MediaEncoding))),
            languages=languages,
            identify=identify,
            speakers=fields.flag("show-speaker-label"),
            stabilise=stabilise,
            filters=tuple(name for names in filters for name in names.split(",") if name),
            filter_method=FilterMethod(method or FilterMethod.MASK),
            echo=echo | {f"{PREFIX}session-id": session_id},
        )

    def language(self, heard: Collection[str]) -> str:
        """The language code to go by, for an engine that hears these ISO codes; raises BadRequest if there is none."""
        for code in self.languages:
            if iso(code) in heard:
                return code
        raise BadRequest(f"The engine behind this emulator hears {', '.join(sorted(heard))}, not {self.languages[0]}")


def _languages(fields: _Fields) -> tuple[tuple[str, ...], bool]:
    code = fields.one_of("language-code", LANGUAGES)
    identify = [name for name in ("identify-language", "identify-multiple-languages") if fields.flag(name)]
    if (code is not None) + len(identify) != 1:
        raise BadRequest(
            "Expected exactly one of language-code, identify-language and identify-multiple-languages, "
            f"got {', '.join(filter(None, (code, *identify))) or 'none'}"
        )
    preferred = fields.one_of("preferred-language", LANGUAGES)
    if code is not None:
        return (code,), False
    options = [option.strip() for option in (fields.text("language-options") or "").split(",") if option.strip()]
    if len(options) < 2 or any(option not in LANGUAGES for option in options):
        raise BadRequest(f"{PREFIX}language-options: expected two language codes or more, got {', '.join(options)}")
    if preferred is not None and preferred not in options:
        raise BadRequest(f"{PREFIX}preferred-language: expected one of {', '.join(options)}, got {preferred}")
    return tuple(sorted(options, key=lambda option: option != preferred)), True


class _Fields:
    """The headers by their names behind the prefix."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def text(self, name: str) -> str | None:
        return self._headers.get(PREFIX + name)

    def matching(self, name: str, pattern: re.Pattern[str]) -> None:
        value = self.text(name)
        if value is not None and not pattern.fullmatch(value):
            raise BadRequest(f"{PREFIX}{name}: expected {pattern.pattern}, got {value}")

    def one_of(self, name: str, values: Collection[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in values:
            raise BadRequest(f"{PREFIX}{name}: expected one of {', '.join(sorted(values))}, got {value}")
        return value

    def required(self, name: str, values: Collection[str]) -> str:
        value = self.one_of(name, values)
        if value is None:
            raise BadRequest(f"{PREFIX}{name} is required: one of {', '.join(sorted(values))}")
        return value

    def flag(self, name: str) -> bool:
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false"):
            raise BadRequest(f"{PREFIX}{name}: expected true or false, got {value}")
        return value == "true"

    def rate(self) -> int:
        value = self.text("sample-rate") or "none"
        if not value.isdecimal() or not 8000 <= int(value) <= 48000:
            raise BadRequest(f"{PREFIX}sample-rate: expected 8000-48000, got {value}")
        return int(value)
