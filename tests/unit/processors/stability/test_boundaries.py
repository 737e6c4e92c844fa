"""How much of a hypothesis is committed, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.models import Result
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    final,
    items,
    partial,
    processed,
    said,
    segments,
    silence,
    silent,
    start_harness,
)

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("hypothesis", "committed"),
    [
        ("hello there . ~how", ["hello there."]),
        ("hello . who is it ? ~we", ["hello.", "who is it?"]),
        ("we all went home , ~and", ["we all went home,"]),
        ("one two three , ~and", []),
        ("well now . so , ~and", ["well now."]),
        ("we went | ~home", ["we went"]),
        ("one two three four five six seven", []),
        ("~one ~two . ~three", []),
        ("thank you *** . ~so", ["thank you ***."]),
        ("*** . ~so", ["***."]),
    ],
    ids=[
        "sentence",
        "sentences",
        "clause",
        "short clause",
        "clause counts anew",
        "gap",
        "no boundary",
        "not stable",
        "masked",
        "masked alone",
    ],
)
def test_the_stable_prefix_is_committed_up_to_its_last_boundary(hypothesis: str, committed: list[str]) -> None:
    assert said(run(processed(partial(hypothesis)))) == committed


@pytest.mark.parametrize(("mark", "committed"), [(".", ["that is all."]), ("~.", [])])
def test_a_mark_at_the_end_of_the_prefix_counts_only_if_it_is_stable_itself(mark: str, committed: list[str]) -> None:
    assert said(run(processed(partial(f"that is all {mark}")))) == committed


def test_a_mark_that_is_not_stable_may_still_go_away_though_a_stable_word_follows() -> None:
    assert said(run(processed(partial("that is all ~. so")))) == []


def test_of_an_engine_that_marks_words_alone_a_stable_word_behind_it_makes_a_mark_count() -> None:
    result = partial("that is all . so")
    words_alone = tuple(replace(item, stable=None if item.is_punctuation else item.stable) for item in result.items)
    assert said(run(processed(replace(result, items=words_alone)))) == ["that is all."]


@pytest.mark.parametrize(("threshold", "committed"), [(0.80, ["one two three four five six."]), (0.85, [])])
def test_the_threshold_is_the_share_of_stable_words(threshold: float, committed: list[str]) -> None:
    hypothesis = partial("one two three four ~five six .")
    assert said(run(processed(hypothesis, min_stability_threshold=threshold))) == committed


def test_a_final_commits_everything_one_segment_a_sentence() -> None:
    harness = run(processed(final("one ~two . ~three | ~four ! five", captured_at=7, hops={"ingest": 9})))
    assert said(harness) == ["one two.", "three four!", "five"]
    assert [segment.number for segment in segments(harness)] == [1, 2, 3]
    assert [(segment.start, segment.end) for segment in segments(harness)] == [(0, 600), (600, 1600), (1600, 1900)]
    assert {(s.captured_at, s.hops["ingest"], s.language) for s in segments(harness)} == {(7, 9, "en")}


def test_what_was_committed_is_not_committed_again() -> None:
    results: list[Result] = [
        partial("one two . ~three"),
        partial("one two . three four ~."),
        final("one two . three four . five"),
    ]
    harness = run(processed(*results))
    assert said(harness) == ["one two.", "three four.", "five"]
    assert harness.acked == results


@pytest.mark.parametrize(
    ("hypothesis", "committed"),
    [("one two ~three", ["one two"]), ("~one ~two ~three ~four", ["one two"]), ("~one ~two", [])],
    ids=["the prefix", "all but two words", "two words"],
)
def test_a_pause_commits(hypothesis: str, committed: list[str]) -> None:
    async def main() -> None:
        said_last = partial(hypothesis)
        harness = await processed(said_last, *silent(said_last, said_last.position + 2000))
        assert said(harness) == []
        await harness.send(silence(said_last.position + 2000))
        assert said(harness) == committed

    run(main())


def test_a_pause_commits_once() -> None:
    async def main() -> None:
        before = partial("one two ~three ~four ~five ~six")
        harness = await processed(before, *silent(before, 4100))
        await harness.send(partial("one two ~three ~four ~five ~six ~seven", 4100))
        assert said(harness) == ["one two"]

    run(main())


def test_a_pause_that_no_silence_told_of_is_seen_by_the_word_behind_it() -> None:
    before, gap = partial("one two ~three", 900), items("one two ~three | | | | |")
    behind = (*gap, *items("four", 900 + 2000))
    assert said(run(processed(before, partial("", 3400, items=behind)))) == ["one two"]


def test_a_result_that_comes_late_of_words_that_came_soon_is_no_pause() -> None:
    """As from a recogniser that takes its audio in great pieces."""
    assert said(run(processed(partial("~unless ~to ~be", 900), partial("~all ~lest ~to ~be ~seen", 4900)))) == []
    harness = run(processed(partial("~unless ~to ~be", 900), final("all lest to be seen", 4900)))
    assert said(harness) == ["all lest to be seen"]


def test_words_wait_no_longer_than_the_buffer_timeout() -> None:
    waiting = [partial("we went ~home", position) for position in range(600, 3600, 500)]
    overdue = partial("we went ~home", 3600)
    assert said(run(processed(*waiting))) == []
    assert said(run(processed(*waiting, overdue))) == ["we went"]


def test_words_of_which_none_is_stable_wait_for_the_buffer_not_for_its_timeout() -> None:
    waiting = [partial("~one ~two ~three ~four", position) for position in range(800, 9600, 800)]
    assert said(run(processed(*waiting))) == []
    assert said(run(processed(*waiting, partial("~one ~two ~three ~four", 10_000)))) == ["one two"]


def test_the_buffer_timeout_goes_on_in_silence() -> None:
    waiting = partial("we went ~home", 900)
    settings = {"pause_threshold": 10.0, "max_buffer_timeout": 4.0}
    assert said(run(processed(waiting, silence(4800), **settings))) == []
    assert said(run(processed(waiting, silence(4800), silence(4900), **settings))) == ["we went"]


def test_the_timeout_counts_from_the_first_word_that_is_not_committed() -> None:
    results = [partial("no .", 300), *(partial("no . go ~home", position) for position in range(1000, 4000, 500))]
    assert said(run(processed(*results))) == ["no."]
    assert said(run(processed(*results, partial("no . go ~home", 4000)))) == ["no.", "go"]


def test_uncommitted_speech_is_no_longer_than_the_buffer() -> None:
    hypothesis = " ".join(["word"] * 30) + " ~last"
    assert said(run(processed(partial(hypothesis, 9_999)))) == []
    assert said(run(processed(partial(hypothesis, 10_000)))) == [" ".join(["word"] * 30)]


def test_where_nothing_is_stable_the_buffer_gives_up_all_but_two_words() -> None:
    assert said(run(processed(partial("~one ~two ~three", 600), partial("~one ~two ~three", 10_000)))) == ["one"]


class TestWithoutStabilityMarks:
    """Engines that mark none: successive partial results have to agree, on words that others follow."""

    def test_words_and_marks_on_which_two_agree_are_stable(self) -> None:
        first = partial("one two . tree", 900, marked=False)
        second = partial("one two . three four", 1200, marked=False)
        assert said(run(processed(first))) == []
        assert said(run(processed(first, second))) == ["one two."]

    def test_the_mark_that_ends_every_hypothesis_is_no_boundary(self) -> None:
        growing = ["one .", "one two .", "one two three .", "one two three four ."]
        results = [partial(text, 300 * n, marked=False) for n, text in enumerate(growing, 1)]
        assert said(run(processed(*results))) == []

    def test_words_that_two_hypotheses_share_behind_a_difference_are_not_stable(self) -> None:
        results = [partial("a two . three", 900, marked=False), partial("one two . three", 1200, marked=False)]
        assert said(run(processed(*results))) == []

    def test_they_agree_on_what_is_not_committed_even_where_committed_words_change(self) -> None:
        texts = ["one two . tree", "one two . three for", "won two . three four . five", "won two . three four . six"]
        results = [partial(text, 900 + 300 * n, marked=False) for n, text in enumerate(texts)]
        assert said(run(processed(*results))) == ["one two.", "three four."]

    def test_a_word_that_fast_results_hear_wrong_in_the_same_way_is_not_committed(self) -> None:
        wrong, right = "one two tree . four", "one two three . four five"
        results = [partial(text, 1700 + 200 * n, marked=False) for n, text in enumerate([wrong, wrong, right, right])]
        assert said(run(processed(*results[:3]))) == []
        assert said(run(processed(*results))) == ["one two three."]

    def test_slow_results_commit_a_word_that_one_other_follows(self) -> None:
        results = [partial("one two three . four", position, marked=False) for position in (1700, 2700)]
        assert said(run(processed(*results))) == ["one two three."]


def test_every_utterance_of_a_take_is_new_however_its_times_drift() -> None:
    async def main() -> None:
        harness = await start_harness()
        await harness.send(final("one two .", utterance=1), final("two three .", utterance=2, start=150))
        assert said(harness) == ["one two.", "two three."]

    run(main())


def test_a_segment_is_in_the_language_that_was_identified_or_the_sessions_own() -> None:
    heard = run(processed(final("buenos días ."), final("hello .", utterance=2)))
    assert [segment.language for segment in segments(heard)] == ["en", "en"]
    heard = run(processed(final("buenos días .", language="es"), final("hello .", utterance=2)))
    assert [segment.language for segment in segments(heard)] == ["es", "en"]
