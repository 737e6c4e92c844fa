from __future__ import annotations

import pytest

from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Hypothesis
from shared.models import Status, Word
from sinks import Caption, CaptionEvent, Corrected, Tail
from tests.benchmarks.speech.caption_line import CaptionLine, delays, erased, raw, subscribed

pytestmark = pytest.mark.hermetic


def line(committed: str, tail: str = "", at: float = 0) -> CaptionLine:
    return CaptionLine(at, tuple(committed.split()), tuple(tail.split()))


def caption(number: int, text: str) -> Caption:
    return Caption(number, "en", text, 0, 0, Status.OK, 0, {}, 0)


def test_what_only_grows_is_not_erased() -> None:
    assert erased([line("", "a"), line("", "a b"), line("a", "b c"), line("a b c")]) == (0, 0)


def test_everything_behind_the_first_change_is_erased() -> None:
    assert erased([line("", "a b c d"), line("", "a x c d e")]) == (0, 3)
    assert erased([line("a b", "c d"), line("a x", "c d")]) == (1, 2)
    assert erased([line("a b", "c"), line("a b", "d"), line("a b c")]) == (0, 2)
    assert erased([line("a", "b c"), line("a")]) == (0, 2)


def test_a_correction_erases_what_was_committed() -> None:
    events: list[tuple[float, CaptionEvent]] = [
        (1.0, caption(1, "a b.")),
        (1.0, Tail("c", "never shown")),
        (2.0, caption(2, "c")),
        (2.0, Tail("")),
        (3.0, Corrected(1, 2, "a x")),
    ]
    lines = list(subscribed(events))
    assert [" ".join(shown.tokens) for shown in lines] == ["a b . c", "a b . c", "a x"]
    assert erased(lines) == (3, 0)


def test_raw_results_take_back_what_they_got_wrong() -> None:
    def result(utterance: int, text: str, *, final: bool = False) -> Hypothesis:
        items = tuple(Word(each, 0, 0) for each in text.split())
        return Hypothesis(utterance, 0, 0, 0, items, final=final)

    script = Script((result(1, "a b"), result(1, "a c d"), result(1, "a c d", final=True), result(2, "e")))
    lines = list(raw(script))
    assert lines[-1] == line("a c d", "e")
    assert erased(lines) == (0, 1)


def test_a_word_stands_in_the_line_when_there_are_as_many_words_for_the_first_time() -> None:
    words = [Word("a", 0, 100), Word("b", 100, 200), Word("c", 200, 300)]
    lines = [line("", "a", 500), line("", "x y", 600), line("", "x", 700), line("a b . c", "", 800)]
    assert list(delays(lines, words)) == [400, 400, 500]
