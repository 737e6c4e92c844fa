"""A session's end, and who may say it."""

from __future__ import annotations

import pytest

from shared.metrics import Metric
from shared.models import Result
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    corrections,
    ended,
    final,
    partial,
    processed,
    said,
    start_harness,
)

pytestmark = pytest.mark.hermetic


def test_the_end_of_a_worker_that_lost_the_session_cuts_nobody_off() -> None:
    async def main() -> None:
        harness = await start_harness()
        for held in (None, 1):
            await harness.store.open_take("talk", held)
        await harness.send(partial("one . ~two", 600, take=2), stale := ended(take=1))
        assert stale not in harness.emitted
        assert harness.acked == [stale]
        assert harness.metrics.total(Metric.STALE_ENDS) == 1
        await harness.send(final("one . two .", 900, take=2), end := ended(take=2))
        assert said(harness) == ["one.", "two."]
        assert harness.emitted[-1] == end

    run(main())


def test_the_end_of_a_newer_take_commits_what_was_open_first() -> None:
    async def main() -> None:
        harness = await start_harness()
        for held in (None, 1):
            await harness.store.open_take("talk", held)
        await harness.send(heard := partial("one . ~two", 600, take=1), end := ended(take=2))
        assert said(harness) == ["one.", "two"]
        assert harness.emitted[-1] == end
        assert harness.acked == [heard, end]

    run(main())


def test_what_an_older_take_says_behind_the_end_of_a_newer_one_is_not_said() -> None:
    late: list[Result] = [partial("nine . ~ten", 2000), final("nine . ten", 2500)]
    harness = run(processed(final("one ."), ended(take=2), *late, final("two .", take=2, start=300)))
    assert said(harness) == ["one.", "two."]
    assert [record for record in harness.acked if record in late] == late


def test_an_end_that_no_take_stands_behind_is_an_end() -> None:
    assert run(processed(end := ended())).emitted == [end]


def test_a_correction_says_the_same_in_every_replay() -> None:
    before, said_last = partial("one two three four five . ~six"), final("won too three for five . six", 2000)
    first, again = (corrections(run(processed(before, said_last)))[0] for _ in range(2))
    assert first == again
    later: list[Result] = [
        partial("one two three four five . ~six", take=2),
        final("won too three for five . six", 2000, take=2),
    ]
    assert corrections(run(processed(*later)))[0].revision > first.revision
