"""What Amazon Polly does with a request."""

from __future__ import annotations

import base64
import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from emulators.polly.formats import FORMATS, encoder
from emulators.polly.languages import NAMES, spoken
from emulators.polly.marks import SpeechMark, speech_marks
from emulators.polly.source import spans
from emulators.polly.ssml import Passage, passages
from emulators.polly.tags import invalid
from emulators.polly.voices import VOICES, EmulatedVoice
from emulators.service_error import ServiceError
from emulators.service_model import Requests
from processors.synthesize.synthesizer import Synthesizer
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import SAMPLE_BYTES

#: Characters that are spoken, and with the tags, of one request.
BILLED, TOTAL = 3000, 6000
#: Voices on one page of DescribeVoices.
_PAGE = 60
_OURS = "ValidationException"


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What is to be spoken, in which format, in a voice's own language unless a passage has another.

    Of the format json are the speech marks, by passages; others have none.
    """

    passages: Sequence[Passage]
    language: str
    format: str
    rate: int
    marks: Sequence[Sequence[SpeechMark]] = ()

    @property
    def characters(self) -> int:
        """What is billed."""
        return sum(len(passage.text) for passage in self.passages)

    @property
    def bytes_per_second(self) -> float:
        """Of the audio; an estimate where it is compressed, and no limit for marks, which are not heard."""
        if self.format == "json":
            return math.inf
        return self.rate * SAMPLE_BYTES if self.format == "pcm" else 6000.0


class PollyService:
    """Speaks with an offline engine, which has one voice a language whatever Polly's voice is.

    Speech marks are timed by the letters of their passage, spread evenly over the audio that the engine makes of
    it, since an engine gives audio alone. Visemes are refused, for there are no phonemes to tell them from; so are
    lexicons and the formats mulaw and alaw.
    """

    def __init__(self, engine: Synthesizer) -> None:
        self._engine = engine
        self._requests = Requests("polly")

    def speech(self, request: object) -> SpeechRequest:
        """What a SynthesizeSpeech request asks for; ServiceError with a modelled error."""
        fields = self._requests.read("SynthesizeSpeech", request)
        voice = VOICES.get(fields["VoiceId"])
        engine = fields.get("Engine", "standard")
        if voice is None:
            raise ServiceError(_OURS, f"the emulator has no voice {fields['VoiceId']}")
        if engine not in voice.engines:
            raise ServiceError(
                "EngineNotSupportedException", f"This voice does not support the selected engine: {engine}"
            )
        language = fields.get("LanguageCode", voice.languages[0])
        if language not in voice.languages:
            raise _not_spoken(f"{voice.id} speaks {', '.join(voice.languages)}, not {language}")
        said = _said(fields, voice.id, engine)
        for code in {language} | {passage.language for passage in said if passage.language}:
            self._spoken(code)
        name, rate = _format(fields, neural=engine != "standard")
        marks = speech_marks(fields["Text"], said, _kinds(fields)) if name == "json" else ()
        return SpeechRequest(said, language, name, rate, marks)

    async def speak(self, speech: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """The audio as it is made, or the speech marks, a passage at a time; ServiceError where the engine fails."""
        made = self._marked(speech) if speech.format == "json" else self._encoded(speech)
        try:
            async with aclosing(made):
                async for data in made:
                    yield data
        except UnsupportedLanguage as error:
            raise _not_spoken(str(error)) from None
        except EngineUnavailable as error:
            raise ServiceError("ServiceFailureException", str(error), 500) from None

    def voices(self, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of DescribeVoices; ServiceError where the query is none."""
        flag = query.get("IncludeAdditionalLanguageCodes", "false")
        fields = self._requests.read("DescribeVoices", dict(query) | {"IncludeAdditionalLanguageCodes": flag == "true"})
        found = [voice.described() for voice in VOICES.values() if _matches(voice, fields)]
        start = _start(fields.get("NextToken", ""))
        answer: dict[str, Any] = {"Voices": found[start : start + _PAGE]}
        if start + _PAGE < len(found):
            answer["NextToken"] = base64.b64encode(str(start + _PAGE).encode()).decode()
        return answer

    async def _encoded(self, speech: SpeechRequest) -> AsyncGenerator[bytes, None]:
        made = encoder(speech.format, self._engine.rate, speech.rate)
        for passage in speech.passages:
            async for pcm in self._heard(passage, speech.language):
                yield made.encode(pcm)
        yield made.finish()

    async def _marked(self, speech: SpeechRequest) -> AsyncGenerator[bytes, None]:
        begin = 0
        for passage, marks in zip(speech.passages, speech.marks, strict=True):
            size = 0
            async for pcm in self._heard(passage, speech.language):
                size += len(pcm)
            end = begin + size // SAMPLE_BYTES
            first, last = begin * 1000 / self._engine.rate, end * 1000 / self._engine.rate
            yield b"".join(mark.line(mark.time(passage, first, last)) for mark in marks)
            begin = end

    async def _heard(self, passage: Passage, language: str) -> AsyncGenerator[bytes, None]:
        """The passage as the engine speaks it, its pause first."""
        yield bytes(passage.pause * self._engine.rate // 1000 * SAMPLE_BYTES)
        if passage.text.strip():
            code = self._spoken(passage.language or language)
            async for pcm in self._engine.synthesize(passage.text, code, passage.tempo):
                yield pcm

    def _spoken(self, code: str) -> str:
        if (language := spoken(code, self._engine.languages())) is None:
            raise _not_spoken(f"the engine behind the emulator does not speak {code}")
        return language


def _said(fields: Mapping[str, Any], voice: str, engine: str) -> list[Passage]:
    text = fields["Text"]
    if len(text) > TOTAL:
        raise ServiceError(
            "TextLengthExceededException", f"Maximum text length has been exceeded: {TOTAL} characters in all"
        )
    said = passages(text, voice, engine) if fields.get("TextType") == "ssml" else [Passage(text, spans(text))]
    if sum(len(passage.text) for passage in said) > BILLED:
        raise ServiceError("TextLengthExceededException", f"Maximum text length has been exceeded: {BILLED} characters")
    if strange := next((p.language for p in said if p.language and p.language not in NAMES), None):
        raise invalid(f"Invalid SSML request: expected a language code of Polly, got {strange}")
    return said


def _format(fields: Mapping[str, Any], *, neural: bool) -> tuple[str, int]:
    """The format and its rate."""
    name = fields["OutputFormat"]
    if fields.get("LexiconNames"):
        raise ServiceError("LexiconNotFoundException", "the emulator has no lexicons", 404)
    if name not in FORMATS:
        raise ServiceError(_OURS, f"the emulator makes {', '.join(FORMATS)}, not {name}")
    if fields.get("SpeechMarkTypes") and name != "json":
        raise ServiceError("MarksNotSupportedForFormatException", f"speech marks come as json, which is not {name}")
    known = FORMATS[name]
    rate = fields.get("SampleRate", str(known.default(neural=neural)))
    if rate not in map(str, known.rates):
        expected = ", ".join(map(str, known.rates))
        raise ServiceError(
            "InvalidSampleRateException", f"The specified sample rate is not valid: {name} takes {expected}"
        )
    return name, int(rate)


def _kinds(fields: Mapping[str, Any]) -> frozenset[str]:
    """The types of speech marks."""
    kinds = frozenset(fields.get("SpeechMarkTypes", ()))
    if not kinds:
        raise ServiceError(_OURS, "expected SpeechMarkTypes with the format json, got none")
    if "viseme" in kinds:
        raise ServiceError("MarksNotSupportedForFormatException", "the emulator has no phonemes to tell visemes from")
    if "ssml" in kinds and fields.get("TextType") != "ssml":
        raise ServiceError("SsmlMarksNotSupportedForTextTypeException", "expected a TextType of ssml for ssml marks")
    return kinds


def _matches(voice: EmulatedVoice, fields: Mapping[str, Any]) -> bool:
    languages = voice.languages if fields["IncludeAdditionalLanguageCodes"] else voice.languages[:1]
    return (
        fields.get("LanguageCode", languages[0]) in languages
        and fields.get("Engine", voice.engines[0]) in voice.engines
    )


def _start(token: str) -> int:
    try:
        return int(base64.b64decode(token, validate=True) or b"0")
    except ValueError:
        raise ServiceError("InvalidNextTokenException", "NextToken is none that was given out") from None


def _not_spoken(message: str) -> ServiceError:
    return ServiceError("LanguageNotSupportedException", f"The language is not supported: {message}")
