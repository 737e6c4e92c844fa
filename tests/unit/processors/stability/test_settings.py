"""Settings that change while a session runs."""

from __future__ import annotations

import asyncio

import pytest

from shared.models import DeadLetter
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import final, partial, processed, said, silence, start_harness

pytestmark = pytest.mark.hermetic


async def configure(harness: OperatorHarness, **settings: str) -> None:
    """Changes the session's item, and lets the time pass after which that is noticed."""
    await harness.store.configure("talk", settings=settings)
    await asyncio.sleep(5)


def dead_letters(harness: OperatorHarness) -> list[str]:
    return [record.error for record in harness.emitted if isinstance(record, DeadLetter)]


def test_without_partial_results_only_finals_are_committed() -> None:
    async def main() -> None:
        results = [partial("one . ~two", 600), partial("one . two ! ~three", 1200)]
        harness = await processed(*results, partial_results_enabled=False)
        await asyncio.sleep(5)
        assert said(harness) == []
        assert harness.acked == results[:1]
        await harness.send(final("one . two ! three ."))
        assert said(harness) == ["one.", "two!", "three."]

    run(main())


def test_without_partial_results_an_orphan_is_still_committed() -> None:
    async def main() -> None:
        harness = await processed(partial("one . ~two"), silence(15_600), partial_results_enabled=False)
        assert said(harness) == ["one.", "two"]

    run(main())


def test_partial_results_can_be_disabled_and_enabled_in_mid_session() -> None:
    async def main() -> None:
        harness = await processed(partial("one . ~two", 600))
        assert said(harness) == ["one."]
        await configure(harness, PARTIAL_RESULTS_ENABLED="false")
        await harness.send(partial("one . two . tree", 1200, marked=False))
        assert said(harness) == ["one."]
        await configure(harness, PARTIAL_RESULTS_ENABLED="true")
        # What came while they were disabled is evidence: two hypotheses agree now.
        await harness.send(partial("one . two . three", 1500, marked=False))
        assert said(harness) == ["one.", "two."]

    run(main())


def test_a_sessions_override_counts_from_its_start() -> None:
    async def main() -> None:
        harness = await start_harness()
        await harness.store.configure("talk", settings={"MIN_STABILITY_THRESHOLD": "0.8"})
        again = await start_harness(harness.store)
        await again.send(partial("one two three four ~five six ."))
        assert said(again) == ["one two three four five six."]

    run(main())


def test_an_invalid_override_leaves_the_last_valid_settings_and_is_reported_once() -> None:
    async def main() -> None:
        harness = await processed(partial("~one", 300))
        await configure(harness, PARTIAL_RESULTS_ENABLED="false")
        await harness.send(partial("one . two", 600))
        for position in (900, 1200, 1500):
            await configure(harness, PARTIAL_RESULTS_ENABLED="perhaps")
            await harness.send(partial("one . two", position))
        assert said(harness) == []
        (letter,) = dead_letters(harness)
        assert "PARTIAL_RESULTS_ENABLED=perhaps" in letter
        await harness.send(final("one . two"))
        assert said(harness) == ["one.", "two"]

    run(main())


def test_an_invalid_override_costs_that_setting_alone() -> None:
    async def main() -> None:
        harness = await start_harness()
        settings = {"PARTIAL_RESULTS_ENABLED": "false", "MAX_BUFFER_TIMEOUT": "soon", "NO_SUCH": "1"}
        await harness.store.configure("talk", settings=settings)
        again = await start_harness(harness.store)
        await again.send(partial("one . ~two", 600))
        assert said(again) == []
        told = dead_letters(again)
        assert [name for name in settings if any(name in letter for letter in told)] == [
            "MAX_BUFFER_TIMEOUT",
            "NO_SUCH",
        ]
        assert len(told) == 2
        # Another change of the item tells of no setting again, and takes what is right of it.
        await configure(again, **{**settings, "PARTIAL_RESULTS_ENABLED": "true"})
        await again.send(partial("one . two . ~three", 900))
        assert said(again) == ["one.", "two."]
        assert dead_letters(again) == told

    run(main())


def test_an_override_that_is_taken_back_leaves_the_settings_of_the_process() -> None:
    async def main() -> None:
        harness = await processed(partial("~one", 300))
        await configure(harness, PARTIAL_RESULTS_ENABLED="false")
        await harness.send(partial("one . ~two", 600))
        await configure(harness, MAX_BUFFER_TIMEOUT="soon")
        await harness.send(partial("one . ~two", 900))
        assert said(harness) == ["one."]

    run(main())
