"""What `llt listen` of a process of its own received."""

from __future__ import annotations

import wave
from array import array
from itertools import groupby

from shared.text import normalise
from tests.end_to_end.deployment import LltProcess


def texts(listener: LltProcess) -> list[str]:
    """The captions in order."""
    return [caption["text"] for caption in listener.of("caption")]


def words(listener: LltProcess) -> str:
    """Everything it read, without capitals and punctuation: where segments are cut, marks may differ."""
    return normalise(" ".join(texts(listener)))


def clip_bytes(listener: LltProcess) -> dict[int, int]:
    """How much audio each number had."""
    chunks = groupby(listener.of("audio"), key=lambda chunk: chunk["number"])
    return {number: sum(chunk["payload"] for chunk in clip) for number, clip in chunks}


def in_mid_sentence(listener: LltProcess, captions: int) -> bool:
    """Whether so many captions are committed, and words beyond them are heard."""
    tails = [event["text"] for event in listener.of("tail")]
    return len(listener.of("caption")) >= captions and bool(tails and tails[-1])


def assert_delivered_once(listener: LltProcess) -> int:
    """Captions with dense numbers, each once, and with a clip each where it wrote a file of audio; returns how many."""
    captions = [caption["number"] for caption in listener.of("caption")]
    assert captions == list(range(1, len(captions) + 1))
    assert captions
    assert all(caption["status"] == "ok" and caption["text"] for caption in listener.of("caption"))
    assert not [*listener.of("missed"), *listener.of("clip-missed"), *listener.of("clip-left-out")]
    if "--audio" in listener.arguments:
        chunks = listener.of("audio")
        assert [number for number, _ in groupby(chunk["number"] for chunk in chunks)] == captions
        assert [chunk["number"] for chunk in chunks if chunk["first"]] == captions
        assert [chunk["number"] for chunk in chunks if chunk["last"]] == captions
        _assert_audible(listener)
    return len(captions)


def _assert_audible(listener: LltProcess) -> None:
    """The file that it wrote holds as much speech as it got: a tenth of that is silence between words."""
    ((file,),) = (wrote["files"] for wrote in listener.of("wrote"))
    with wave.open(file) as speech:
        samples = array("h", speech.readframes(speech.getnframes()))
    clips = clip_bytes(listener)
    assert all(clips.values())
    assert len(samples) * samples.itemsize >= sum(clips.values())
    assert sum(map(bool, samples)) * samples.itemsize > sum(clips.values()) / 2
