"""What listeners in terminals of their own heard."""

from __future__ import annotations

from itertools import groupby

from shared.text import normalise
from tests.end_to_end.terminals import Terminal


def texts(listener: Terminal) -> list[str]:
    """The captions in order."""
    return [caption["text"] for caption in listener.of("caption")]


def words(listener: Terminal) -> str:
    """Everything it read, without capitals and punctuation: where segments are cut, marks may differ."""
    return normalise(" ".join(texts(listener)))


def clip_bytes(listener: Terminal) -> dict[int, int]:
    """How much audio each number had."""
    chunks = groupby(listener.of("audio"), key=lambda chunk: chunk["number"])
    return {number: sum(chunk["payload"] for chunk in clip) for number, clip in chunks}


def in_mid_sentence(listener: Terminal, captions: int) -> bool:
    """Whether so many captions are committed, and words beyond them are heard."""
    tails = [event["text"] for event in listener.of("tail")]
    return len(listener.of("caption")) >= captions and bool(tails and tails[-1])


def assert_heard_once(listener: Terminal) -> int:
    """Captions and clips with dense numbers, each once, and nothing missed; returns how many there are."""
    captions = [caption["number"] for caption in listener.of("caption")]
    assert captions == list(range(1, len(captions) + 1))
    assert captions
    assert not [*listener.of("missed"), *listener.of("clip-missed"), *listener.of("clip-left-out")]
    chunks = listener.of("audio")
    if chunks:
        assert [number for number, _ in groupby(chunk["number"] for chunk in chunks)] == captions
        assert [chunk["number"] for chunk in chunks if chunk["first"]] == captions
        assert [chunk["number"] for chunk in chunks if chunk["last"]] == captions
    return len(captions)
