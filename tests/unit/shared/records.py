"""Any record, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

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
from shared.ranges import LATEST, MAX

#: Every character that UTF-8 can write.
TEXT = st.characters(codec="utf-8")
_text = st.text(TEXT, max_size=20)
_time = st.integers(0, LATEST)
_count = st.integers(0, MAX)
_number = st.integers(1, MAX)
_rate = st.integers(8000, 48000)
_pcm = st.binary(max_size=40).map(lambda data: data[: len(data) // 2 * 2])
_language = st.sampled_from(["en", "es", "zh-TW"])
_status = st.sampled_from(Status)
_confidence = st.none() | st.floats(0, 1)
_words = st.lists(
    st.builds(
        Word,
        text=_text,
        start=_time,
        end=_time,
        stable=st.none() | st.booleans(),
        confidence=_confidence,
        speaker=st.none() | _text,
        spaced=st.none() | st.booleans(),
    ),
    max_size=4,
).map(tuple)
#: Not empty, since no stream takes an empty key.
_session = _text.filter(bool)
_common = {"session": _session, "captured_at": _count, "hops": st.dictionaries(_text, _count, max_size=3)}
_result = _common | {
    "take": _count,
    "utterance": _count,
    "start": _time,
    "end": _time,
    "position": _time,
    "items": _words,
}
_placed = _common | {"number": _number, "language": _language, "start": _time, "end": _time, "status": _status}
_corrected = _common | {"first": _count, "last": _count, "revision": _count, "text": _text}

#: One strategy for each kind of record.
KINDS: dict[type[Record], st.SearchStrategy[Record]] = {
    AudioFrame: st.builds(AudioFrame, **_common, offset=_count, payload=_pcm, rate=_rate),
    PartialResult: st.builds(PartialResult, **_result),
    FinalResult: st.builds(FinalResult, **_result),
    Silence: st.builds(Silence, **_common, take=_count, utterance=_count, position=_time),
    Segment: st.builds(Segment, **_placed, text=_text, words=_words),
    Correction: st.builds(Correction, **_corrected, language=st.none() | _language, number_wrong=st.booleans()),
    Translation: st.builds(Translation, **_placed, text=_text),
    TranslationCorrection: st.builds(TranslationCorrection, **_corrected, language=_language),
    Speech: st.builds(
        Speech,
        **_placed,
        attempt=_count,
        offset=_count,
        last=st.booleans(),
        payload=_pcm,
        rate=_rate,
        tempo=st.floats(0.5, 2),
    ),
    SessionEnded: st.builds(
        SessionEnded,
        **_common,
        language=st.none() | _language,
        reason=_text,
        take=st.none() | _count,
        proposal=st.booleans(),
    ),
    DeadLetter: st.builds(
        DeadLetter,
        **_common,
        stage=_text,
        error=_text,
        stream=_text,
        shard=_text,
        sequence=_text,
        language=st.none() | _language,
        start=st.none() | _time,
        end=st.none() | _time,
        payload=st.binary(max_size=40),
    ),
}
RECORDS = st.one_of(*KINDS.values())
