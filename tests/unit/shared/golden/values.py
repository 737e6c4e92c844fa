"""The values behind the bytes in `records.txt` and `items.txt`, by the names that stand there."""

from __future__ import annotations

from typing import Any

from shared.models import (
    AudioFrame,
    Correction,
    DeadLetter,
    FinalResult,
    PartialResult,
    Record,
    Segment,
    SessionEnded,
    Silence,
    Speech,
    Status,
    Translation,
    TranslationCorrection,
    Word,
)
from shared.sessions import Session, SessionState

_PCM = bytes(range(16))
_HOPS = {"ingest": 1_700_000_000_100, "transcribe": 1_700_000_000_250}
_BARE: dict[str, Any] = {"session": "talk", "captured_at": 1_700_000_000_000}
_FULL: dict[str, Any] = {**_BARE, "hops": _HOPS}
_WORDS = (
    Word("Bonjour", 1000, 1480, stable=True, confidence=0.875, speaker="spk_0", spaced=False),
    Word(",", 1480, 1480),
    Word("***", 1500, 1900, stable=False, confidence=1.0, spaced=True),
    Word("世界", 1900, 2400, confidence=0.0),
)
_RESULT: dict[str, Any] = {"take": 3, "utterance": 7, "start": 1000, "end": 2400, "position": 2600, "items": _WORDS}
_EMPTY: dict[str, Any] = {"take": 0, "utterance": 0, "start": 0, "end": 0, "position": 0, "items": ()}
_SEGMENT: dict[str, Any] = {"number": 12, "language": "fr", "text": "Bonjour, *** 世界", "start": 1000, "end": 2400}
_TRANSLATED: dict[str, Any] = {"number": 12, "language": "zh-TW", "text": "你好 “世界”", "start": 1000, "end": 2400}
_CORRECTED: dict[str, Any] = {"first": 11, "last": 12, "revision": 3 << 20 | 7, "text": "It cost 1,500 €"}
_SPOKEN: dict[str, Any] = {
    "number": 12,
    "language": "es",
    "start": 1000,
    "end": 2400,
    "attempt": (2_000_001 << 20) + 5,
    "offset": 4410,
}

RECORDS: dict[str, Record] = {
    "AudioFrame bare": AudioFrame(**_BARE, offset=0, payload=b""),
    "AudioFrame full": AudioFrame(**_FULL, offset=1600, payload=_PCM, rate=48000, encoding="pcm"),
    "PartialResult bare": PartialResult(**_BARE, **_EMPTY),
    "PartialResult full": PartialResult(**_FULL, **_RESULT, language="fr"),
    "FinalResult bare": FinalResult(**_BARE, **_EMPTY),
    "FinalResult full": FinalResult(**_FULL, **_RESULT, language="fr"),
    "Silence bare": Silence(**_BARE, take=1, utterance=0, position=0),
    "Silence full": Silence(**_FULL, take=3, utterance=7, position=2600),
    "Segment bare": Segment(**_BARE, **_SEGMENT),
    "Segment full": Segment(**_FULL, **_SEGMENT, words=_WORDS),
    "Segment duplicate": Segment(**_FULL, **{**_SEGMENT, "text": ""}, status=Status.DUPLICATE),
    "Correction bare": Correction(**_BARE, **_CORRECTED),
    "Correction full": Correction(**_FULL, **_CORRECTED, language="en", number_wrong=True),
    "Translation bare": Translation(**_BARE, **_TRANSLATED),
    "Translation full": Translation(**_FULL, **_TRANSLATED, speaker="spk_0"),
    "Translation failed": Translation(**_FULL, **{**_TRANSLATED, "text": ""}, status=Status.FAILED),
    "Translation unwanted": Translation(**_FULL, **{**_TRANSLATED, "text": ""}, status=Status.UNWANTED),
    "TranslationCorrection bare": TranslationCorrection(**_BARE, **_CORRECTED, language="es"),
    "TranslationCorrection full": TranslationCorrection(**_FULL, **_CORRECTED, language="es"),
    "Speech bare": Speech(**_BARE, **_SPOKEN, last=False),
    "Speech full": Speech(**_FULL, **_SPOKEN, last=True, payload=_PCM, format="pcm", rate=16000, tempo=1.25),
    "Speech skipped": Speech(**_FULL, **{**_SPOKEN, "offset": 0}, last=True, status=Status.SKIPPED),
    "SessionEnded bare": SessionEnded(**_BARE),
    "SessionEnded full": SessionEnded(**_FULL, language="es", reason="too long", take=3, proposal=True),
    "DeadLetter bare": DeadLetter(**_BARE, stage="translate", error="EngineUnavailable: throttled"),
    "DeadLetter full": DeadLetter(
        **_FULL,
        stage="transcribe",
        error="expected a record, got 3 bytes",
        stream="audio",
        shard="shardId-000000000012",
        sequence="49590338271490256608559692538361571095921575989136588898",
        language="es",
        start=1000,
        end=61_000,
        payload=b"\x00\xff\x80",
    ),
}

SESSIONS: dict[str, Session] = {
    "Session bare": Session(id="talk", source_language="en", target_languages=("es", "ca")),
    "Session full": Session(
        id="Talk_2.b-3",
        source_language="fr",
        target_languages=("es", "zh-TW"),
        started_at=1_700_000_000_000,
        rate=48000,
        owner="ana",
        publish_token_hash="ab" * 32,
        listen_token_hash="cd" * 32,
        settings={"MAX_HOLD": "20", "PARTIAL_RESULTS_ENABLED": "false"},
        wanted=("es",),
        state=SessionState.ENDED,
        noticed_at=1_699_999_000_000,
        proposed_at=1_700_000_900_000,
        take=3,
        given_back=2,
        heard=61_000,
        last_frame_at=1_700_000_061_000,
        number=12,
        frontier=2400,
        words=_WORDS,
        claimed=(
            Segment(**_FULL, **_SEGMENT, words=_WORDS),
            Segment(**_BARE, **{**_SEGMENT, "number": 13}),
        ),
        epoch=2_000_017,
    ),
}
