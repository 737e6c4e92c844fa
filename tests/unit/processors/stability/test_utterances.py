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


def test_repeated_and_older_results_are_released_and_counted() -> None:
    new: list[Result] = [
        partial("one", 300),
        partial("one two", 600),
        final("one two three .", 900),
        partial("four", 1500, utterance=2),
    ]
    old: list[Result] = [new[1], new[0], partial("one two three nine", 950), final("one two three nine .", 990)]
    talk = run(processed(*new, *old))
    assert said(talk) == ["one two three."]
    assert talk.released == [*new[:3], *old]
    assert talk.metrics.total(Metric.REPLAYED_RECORDS) == 4


def test_an_utterance_is_over_with_its_final() -> None:
    late: list[Result] = [final("one two ."), partial("one two three", 950), final("one two three .", 990)]
    talk = run(processed(final("one two ."), *late))
    assert said(talk) == ["one two."]
    assert talk.released[1:] == late
    assert talk.metrics.total(Metric.REPLAYED_RECORDS) == 3


def test_a_final_is_the_last_word_on_its_utterance_wherever_it_stands() -> None:
    talk = run(processed(partial("~won ~too", 2000), final("one two .", 600), partial("one two . three .", 2500)))
    assert said(talk) == ["one two."]
    assert talk.metrics.total(Metric.REPLAYED_RECORDS) == 1


def test_a_recogniser_may_change_its_mind_without_hearing_more() -> None:
    assert said(run(processed(partial("won ~two", 600), partial("one . ~two", 600), partial("one . ~two", 900)))) == [
        "one."
    ]


def test_results_of_a_take_older_than_the_newest_seen_are_ignored() -> None:
    stale: list[Result] = [partial("nine . ~ten", 2000), final("nine .", 2000)]
    talk = run(processed(partial("~one", 300, take=2), *stale, final("one two .", 600, take=2)))
    assert said(talk) == ["one two."]
    assert [record for record in talk.released if record in stale] == stale
    assert talk.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1


def test_the_newest_take_is_the_streams_not_the_items() -> None:
    async def main() -> None:
        talk = await start_harness()
        for _ in range(3):
            await talk.store.open_take("talk", await _take(talk.store))
        await talk.send(final("one .", take=1))
        assert said(talk) == ["one."]

    async def _take(store: object) -> int:
        return (await store.load("talk")).take  # type: ignore[attr-defined,no-any-return]

    run(main())


def test_a_newer_take_drops_the_open_utterance_since_its_audio_is_heard_again() -> None:
    async def main() -> None:
        old = [partial("one . ~two", 600), partial("one . ~two ~three", 700)]
        talk = await processed(*old)
        await talk.send(partial("~one ~two", 600, take=2))
        assert talk.released == old
        assert talk.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1
        await talk.send(final("one . two three .", 1000, take=2))
        assert said(talk) == ["one.", "two three."]

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
    talk = run(processed(before, final(marks, 2000)))
    assert [(c.first, c.last, c.text) for c in corrections(talk)] == corrected
    assert talk.metrics.total(Metric.RESULTS_CONTRADICTED) == len(corrected)
    assert said(talk)[0] == "one two three four five."
    assert said(talk)[1:] == (["and six"] if "and" in said_last else ["six."])
    assert talk.released == [before, talk.released[-1]]


def test_a_correction_covers_every_segment_committed_of_the_utterance_before() -> None:
    talk = run(
        processed(
            final("before ."),
            partial("one . ~two", 1300, utterance=2, start=600),
            partial("one . two . ~three", 1800, utterance=2, start=600),
            final("won . too . three .", 2400, utterance=2, start=600),
        )
    )
    assert [(c.first, c.last, c.text) for c in corrections(talk)] == [(2, 3, "won. too.")]
    assert said(talk) == ["before.", "one.", "two.", "three."]


def test_an_utterance_without_a_final_is_committed_in_the_end() -> None:
    async def main() -> None:
        orphan = partial("~one ~two ~three")
        silences = silent(orphan, 900 + 15_000)
        talk = await processed(orphan, *silences)
        assert said(talk) == ["one"]
        assert talk.released == silences
        await talk.send(last := silence(900 + 15_000))
        assert said(talk) == ["one", "two three"]
        assert talk.released == [*silences, last, orphan]
        assert talk.metrics.total(Metric.ORPHANED_RESULTS_FLUSHED) == 1
        await talk.send(final("one two three four five", 20_000))
        assert said(talk) == ["one", "two three", "four five"]

    run(main())


def test_an_utterance_that_the_recogniser_left_behind_is_committed() -> None:
    left = [partial("~one ~two", 600), partial("~one ~two ~three", 700)]
    talk = run(processed(*left, final("four .", 2000, utterance=2, start=1000)))
    assert said(talk) == ["one two three", "four."]
    assert talk.released[:2] == left
    assert talk.metrics.total(Metric.ORPHANED_RESULTS_FLUSHED) == 1


def test_a_final_without_words_is_released() -> None:
    nothing = final("", 500)
    talk = run(processed(nothing))
    assert talk.released == [nothing]
    assert talk.emitted == []


def test_a_partial_result_is_released_as_soon_as_all_of_it_is_committed() -> None:
    whole = partial("one two .")
    assert run(processed(whole)).released == [whole]


def test_the_sessions_end_commits_what_is_open_and_goes_out_behind_it() -> None:
    results = [partial("~one ~two", 600), partial("~one ~two ~three", 700)]
    talk = run(processed(*results, end := ended()))
    assert said(talk) == ["one two three"]
    assert talk.emitted[-1] == end
    assert talk.released == [*results, end]


def test_at_a_shards_end_what_is_open_is_dropped_and_released() -> None:
    async def main() -> None:
        results = [partial("one . ~two", 600), partial("one . ~two ~three", 700)]
        talk = await processed(*results)
        await talk.close(Closing.SHARD_END)
        assert said(talk) == ["one."]
        assert talk.released == results
        assert talk.metrics.total(Metric.PARTIAL_RESULTS_DROPPED) == 1

    run(main())


def test_at_a_shutdown_what_is_open_stays_for_the_next_owner() -> None:
    async def main() -> None:
        talk = await processed(finished := final("zero ."), partial("one . ~two", 1000, utterance=2, start=500))
        await talk.close(Closing.SHUTDOWN)
        await asyncio.sleep(60)
        assert said(talk) == ["zero.", "one."]
        assert talk.released == [finished]

    run(main())


def test_a_record_of_another_stream_is_a_dead_letter() -> None:
    async def main() -> None:
        frame = AudioFrame(session="talk", captured_at=0, offset=0, payload=b"")
        talk = await processed()
        await talk.operator.process(Input(frame, 0))
        assert [type(record) for record in talk.emitted] == [DeadLetter]
        assert talk.released == [frame]

    run(main())
