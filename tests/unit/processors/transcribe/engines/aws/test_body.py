from __future__ import annotations

import time

import pytest

from processors.transcribe.engines.aws.body import AudioBody, ReadThrottle

pytestmark = pytest.mark.hermetic


def test_a_body_gives_what_was_written_and_ends_behind_it() -> None:
    body = AudioBody(ReadThrottle())
    assert body.write(b"abcdef") == 6
    body.write(b"")
    body.write(b"gh")
    assert (body.read(4), body.waiting) == (b"abcd", 4)
    target = bytearray(10)
    assert body.readinto1(target) == 2
    assert target[:2] == b"ef"
    body.end_stream()
    assert (body.read1(), body.read(), body.read1(5), body.waiting) == (b"gh", b"", b"", 0)


def test_a_body_that_has_nothing_yet_would_block() -> None:
    body = AudioBody(ReadThrottle())
    with pytest.raises(BlockingIOError):
        body.read(10)
    body.write(b"now")
    assert body.read(10) == b"now"


def test_what_waits_is_given_up_on_closing() -> None:
    body = AudioBody(ReadThrottle())
    body.write(b"never sent")
    body.close()
    assert body.read() == b""


def test_the_reader_rests_once_a_round_however_many_bodies_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    rounds = ReadThrottle()
    bodies = [AudioBody(rounds) for _ in range(10)]
    for _ in range(5):
        for body in bodies:
            with pytest.raises(BlockingIOError):
                body.read(100)
    assert len(rests) == 4
    assert all(0 < rest <= 0.05 for rest in rests)
