"""The records that travel on the streams. All are immutable; times are milliseconds.

Audio time counts from the session's first sample, 0 to 366 days; epoch time is `captured_at` and the values of `hops`.
Epoch times, numbers, takes, utterances, revisions, attempts and sample offsets are below 2^53, none is below 0, and a
result or a segment has 500 words at most: `shared.ranges` has these ranges, which the codec keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from shared.word import MASK as MASK  # noqa: PLC0414 (who reads records finds it here)
from shared.word import Word as Word  # noqa: PLC0414 (the same)

#: Bytes a sample of mono PCM s16le.
SAMPLE_BYTES = 2


class Status(StrEnum):
    """What became of a segment in one language; numbers stay dense whatever it is."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNWANTED = "unwanted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    session: str
    #: Epoch ms at which the newest audio behind this record was captured, by the client's clock.
    captured_at: int
    #: Stage -> epoch ms at which that stage published it; `ingest` is the audio's arrival on the stream.
    hops: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The partition key: records of one key keep their order."""
        return self.session


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFrame(_Record):
    """A run of mono PCM s16le; `offset` counts samples since the session began, `rate` is in Hz."""

    offset: int
    payload: bytes
    rate: int = 16000
    encoding: str = "pcm"

    def __post_init__(self) -> None:
        if self.encoding != "pcm":
            raise ValueError(f"expected encoding 'pcm', got {self.encoding!r}")
        if len(self.payload) % SAMPLE_BYTES:
            raise ValueError(f"expected whole 16-bit samples, got a payload of {len(self.payload)} bytes")
        if self.offset < 0:
            raise ValueError(f"expected an offset of 0 or more, got {self.offset}")
        if not 8000 <= self.rate <= 48000:
            raise ValueError(f"expected a rate of 8000-48000 Hz, got {self.rate}")

    @property
    def samples(self) -> int:
        """How many samples the payload holds."""
        return len(self.payload) // SAMPLE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result(_Record):
    """A recogniser's hypothesis for the whole of one utterance so far.

    `take` and `utterance` number it; `start` and `end` span it and `position` says how much audio it can know of: what
    had been fed, but no more than the engine's lookahead behind `end` (all audio time, ms). It never falls within an
    utterance. `language` (ISO 639-1) is set where the recogniser identified it.
    """

    take: int
    utterance: int
    start: int
    end: int
    position: int
    items: tuple[Word, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialResult(_Result):
    """A hypothesis that may still change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalResult(_Result):
    """The last hypothesis of its utterance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(_Record):
    """The recogniser has decoded the audio up to `position` (audio time, ms) and has nothing new to say of it.

    While no audio comes, as from a muted speaker, `position` goes on with the time since the last of it. `take` and
    `utterance` name the open utterance that it is silent about. It takes no place in the order of results; one that
    is lost, or comes twice, does no harm.
    """

    take: int
    utterance: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(_Record):
    """A committed piece of source text, numbered densely from 1; never unsaid.

    A `duplicate` keeps its number and span but has neither text nor words.
    """

    number: int
    language: str
    text: str
    start: int
    end: int
    words: tuple[Word, ...] = ()
    status: Status = Status.OK

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"expected a number of 1 or more, got {self.number}")

    @property
    def speaker(self) -> str | None:
        """Who said most of its words; None where speakers are not told apart."""
        labels = Counter(word.speaker for word in self.words if word.speaker is not None)
        return labels.most_common(1)[0][0] if labels else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(_Record):
    """Better text for the captions of segments `first` to `last`; of one range the highest `revision` wins.

    `revision` counts the utterances that its session's takes have brought. `language` (ISO 639-1) is set where the
    recogniser identified it. `number_wrong` says that a number or an amount was wrong: the translations are corrected
    then, too.
    """

    first: int
    last: int
    revision: int
    text: str
    language: str | None = None
    number_wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationCorrection(_Record):
    """Better text in one target language, as in Correction; what was spoken stands."""

    first: int
    last: int
    revision: int
    language: str
    text: str

    @property
    def key(self) -> str:
        """One partition key a session and language."""
        return language_key(self.session, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation(_Record):
    """A segment in one target language; `start` and `end` are the segment's span (audio time, ms).

    `speaker` is who said most of the segment, where speakers are told apart.
    """

    number: int
    language: str
    text: str
    start: int
    end: int
    status: Status = Status.OK
    speaker: str | None = None

    @property
    def key(self) -> str:
        """One partition key a session and language."""
        return language_key(self.session, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech(_Record):
    """A chunk of a translation's audio: mono PCM s16le at `rate` Hz, placed by `offset` (samples into its clip).

    `attempt` numbers this synthesis, epoch * 2^20 + a count, where every start of a synthesizer has an epoch of its
    own: a higher one replaces a lower. `tempo` is the factor (0.1-10) by which it is spoken faster than usual; `start`
    and `end` are the segment's span (audio time, ms). A status other than ok stands for the whole clip: no payload,
    `last` is true.
    """

    number: int
    language: str
    start: int
    end: int
    attempt: int
    offset: int
    last: bool
    payload: bytes = b""
    format: str = "pcm"
    rate: int = 22050
    tempo: float = 1.0
    status: Status = Status.OK

    def __post_init__(self) -> None:
        if self.format == "pcm" and len(self.payload) % SAMPLE_BYTES:
            raise ValueError(f"expected whole 16-bit samples, got a payload of {len(self.payload)} bytes")
        if self.offset < 0:
            raise ValueError(f"expected an offset of 0 or more, got {self.offset}")
        if not 8000 <= self.rate <= 48000:
            raise ValueError(f"expected a rate of 8000-48000 Hz, got {self.rate}")

    @property
    def key(self) -> str:
        """One partition key a session and language."""
        return language_key(self.session, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(_Record):
    """Nothing follows for this session (where `language` is set: for this language of it).

    `take` is the take of the transcriber that says so; None where a producer or `llt sessions end` does. A
    `proposal` ends nothing by itself: whoever transcribes the session looks whether it is right.
    """

    language: str | None = None
    reason: str = "ended"
    take: int | None = None
    proposal: bool = False

    @property
    def key(self) -> str:
        """The session, or one key a session and language behind translate."""
        return self.session if self.language is None else language_key(self.session, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(_Record):
    """What a stage could not process: the error, where the record stands, and its bytes up to 512 KiB.

    `session` is empty where the record could not be read; `start` and `end` (audio time, ms) span lost audio.
    """

    stage: str
    error: str
    stream: str = ""
    shard: str = ""
    sequence: str = ""
    language: str | None = None
    start: int | None = None
    end: int | None = None
    payload: bytes = b""

    @property
    def key(self) -> str:
        """The session, or the stage where the record could not be read: no stream takes an empty key."""
        return self.session or self.stage


Result = PartialResult | FinalResult
Record = (
    AudioFrame
    | PartialResult
    | FinalResult
    | Silence
    | Segment
    | Correction
    | Translation
    | TranslationCorrection
    | Speech
    | SessionEnded
    | DeadLetter
)

AnyRecord = TypeVar("AnyRecord", bound=_Record)


def language_key(session: str, language: str) -> str:
    """The partition key of one language of a session."""
    return f"{session}/{language}"


def stamped(record: AnyRecord, stage: str, at: int) -> AnyRecord:
    """The record with the hop `stage` set to `at` (epoch ms)."""
    return replace(record, hops={**record.hops, stage: at})
