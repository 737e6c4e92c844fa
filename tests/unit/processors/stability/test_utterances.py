"""Which results count: order, takes, finals that contradict, utterances without a final, the end."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing, Input
from shared.metrics import Metric
from shared.models import AudioFrame, DeadLetter, Result
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    corrections,
    ended,
    final,
    partial,
    processed,
    said,
    silence,
    silent,
    start_harness,
)

pytestmark = pytest.mark.hermetic


def test_repeated_and_older_results_are_acked_and_counted() -> None:
    new: list[Result] = [
        partial("one", 300),
        partial("one two", 600),
        final("one two three .", 900),
        partial("four", 1500, utterance=2),
    ]
    old: list[Result] = [new[1], new[0], partial("one two three nine", 950), final("one two three nine .", 990)]
    harness = run(processed(*new, *old))
    assert said(harness) == ["one two three."]
    assert harness.acked == [*new[:3], *old]
    assert harness.metrics.total(Metric.REPLAYED_RECORDS) == 4


def test_an_utterance_is_over_with_its_final() -> None:
    late: list[Result] = [final("one two ."), partial("one two three", 950), final("one two three .", 990)]
    harness = run(processed(final("one two ."), *late))
    assert said(harness) == ["one two."]
    assert harness.acked[1:] == late
    assert harness.metrics.total(Metric.REPLAYED_RECORDS) == 3


def test_a_final_is_the_last_word_on_its_utterance_wherever_it_stands() -> None:
    harness = run(processed(partial("~won ~too", 2000), final("one two .", 600), partial("one two . three .", 2500)))
    assert said(harness) == ["one two."]
    assert harness.metrics.total(Metric.REPLAYED_RECORDS) == 1


def test_a_recogniser_may_change_its_mind_without_hearing_more() -> None:
    assert said(run(processed(partial("won ~two", 600), partial("one . ~two", 600), partial("one . ~two", 900)))) == [
        "one."
    ]


def test_results_of_a_take_older_than_the_newest_seen_are_ignored() -> None:
    stale: list[Result] = [partial("nine . ~ten", 2000), final("nine .", 2000)]
    harness = run(processed(partial("~one", 300, take=2), *stale, final("one two .", 600, take=2)))
    assert said(harness) == ["one two."]
    assert [record for record in harness.acked if record in stale] == stale
    assert harness.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1


def test_the_newest_take_is_the_streams_not_the_items() -> None:
    async def main() -> None:
        harness = await start_harness()
        for _ in range(3):
            await harness.store.open_take("talk", await _take(harness.store))
        await harness.send(final("one .", take=1))
        assert said(harness) == ["one."]

    async def _take(store: object) -> int:
        return (await store.load("talk")).take  # type: ignore[attr-defined,no-any-return]

    run(main())


def test_a_newer_take_drops_the_open_utterance_since_its_audio_is_heard_again() -> None:
    async def main() -> None:
        old = [partial("one . ~two", 600), partial("one . ~two ~three", 700)]
        harness = await processed(*old)
        await harness.send(partial("~one ~two", 600, take=2))
        assert harness.acked == old
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1
        await harness.send(final("one . two three .", 1000, take=2))
        assert said(harness) == ["one.", "two three."]

    run(main())


def test_a_newer_take_waits_for_no_window_of_the_old_one() -> None:
    assert said(run(processed(partial("~one", 9000), partial("one . ~two", 800, take=2)))) == ["one."]


@pytest.mark.parametrize(
    ("said_last", "corrected"),
    [
        ("one two three four five six .", []),
        ("one two three for five six .", []),
        ("won too three for five six .", [(1, 1, "won too three for five.")]),
        ("won too three for five . and six", [(1, 1, "won too three for five.")]),
    ],
    ids=["the same", "one word in five", "three in five", "and more words"],
)
def test_a_final_that_contradicts_what_was_committed_is_corrected(said_last: str, corrected: list[object]) -> None:
    before = partial("one two three four five . ~six")
    marks = said_last.replace("five six", "five . six") if corrected else said_last
    harness = run(processed(before, final(marks, 2000)))
    assert [(c.first, c.last, c.text) for c in corrections(harness)] == corrected
    assert harness.metrics.total(Metric.RESULTS_CONTRADICTED) == len(corrected)
    assert said(harness)[0] == "one two three four five."
    assert said(harness)[1:] == (["and six"] if "and" in said_last else ["six."])
    assert harness.acked == [before, harness.acked[-1]]


def test_a_correction_covers_every_segment_committed_of_the_utterance_before() -> None:
    harness = run(
        processed(
            final("before ."),
            partial("one . ~two", 1300, utterance=2, start=600),
            partial("one . two . ~three", 1800, utterance=2, start=600),
            final("won . too . three .", 2400, utterance=2, start=600),
        )
    )
    assert [(c.first, c.last, c.text) for c in corrections(harness)] == [(2, 3, "won. too.")]
    assert said(harness) == ["before.", "one.", "two.", "three."]


def test_an_utterance_without_a_final_is_committed_in_the_end() -> None:
    async def main() -> None:
        orphan = partial("~one ~two ~three")
        silences = silent(orphan, 900 + 15_000)
        harness = await processed(orphan, *silences)
        assert said(harness) == ["one"]
        assert harness.acked == silences
        await harness.send(last := silence(900 + 15_000))
        assert said(harness) == ["one", "two three"]
        assert harness.acked == [*silences, last, orphan]
        assert harness.metrics.total(Metric.ORPHANED_RESULTS_FLUSHED) == 1
        await harness.send(final("one two three four five", 20_000))
        assert said(harness) == ["one", "two three", "four five"]

    run(main())


def test_an_utterance_that_the_recogniser_left_behind_is_committed() -> None:
    left = [partial("~one ~two", 600), partial("~one ~two ~three", 700)]
    harness = run(processed(*left, final("four .", 2000, utterance=2, start=1000)))
    assert said(harness) == ["one two three", "four."]
    assert harness.acked[:2] == left
    assert harness.metrics.total(Metric.ORPHANED_RESULTS_FLUSHED) == 1


def test_a_final_without_words_is_acked() -> None:
    nothing = final("", 500)
    harness = run(processed(nothing))
    assert harness.acked == [nothing]
    assert harness.emitted == []


def test_a_partial_result_is_acked_as_soon_as_all_of_it_is_committed() -> None:
    whole = partial("one two .")
    assert run(processed(whole)).acked == [whole]


def test_the_sessions_end_commits_what_is_open_and_goes_out_behind_it() -> None:
    results = [partial("~one ~two", 600), partial("~one ~two ~three", 700)]
    harness = run(processed(*results, end := ended()))
    assert said(harness) == ["one two three"]
    assert harness.emitted[-1] == end
    assert harness.acked == [*results, end]


def test_at_a_shards_end_what_is_open_is_dropped_and_acked() -> None:
    async def main() -> None:
        results = [partial("one . ~two", 600), partial("one . ~two ~three", 700)]
        harness = await processed(*results)
        await harness.close(Closing.SHARD_END)
        assert said(harness) == ["one."]
        assert harness.acked == results
        assert harness.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1

    run(main())


def test_at_a_shutdown_what_is_open_stays_for_the_next_owner() -> None:
    async def main() -> None:
        harness = await processed(finished := final("zero ."), partial("one . ~two", 1000, utterance=2, start=500))
        await harness.close(Closing.SHUTDOWN)
        await asyncio.sleep(60)
        assert said(harness) == ["zero.", "one."]
        assert harness.acked == [finished]

    run(main())


def test_a_record_of_another_stream_is_a_dead_letter() -> None:
    async def main() -> None:
        frame = AudioFrame(session="talk", captured_at=0, offset=0, payload=b"")
        harness = await processed()
        await harness.operator.process(Input(frame, 0))
        assert [type(record) for record in harness.emitted] == [DeadLetter]
        assert harness.acked == [frame]

    run(main())
