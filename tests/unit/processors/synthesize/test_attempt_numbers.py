"""Of two attempts at a clip the later one counts, whatever clocks and stores do."""

from __future__ import annotations

import asyncio

import pytest

from processors.synthesize.attempt_numbers import AttemptNumbers
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from shared.errors import StoreUnavailable
from shared.models import Status
from shared.sessions import MemorySessionStore, Session
from shared.sessions.session import FIRST_EPOCH
from tests.support.clocks import ManualClock
from tests.support.virtual_time import EPOCH
from tests.unit.processors.synthesize.synthesize_harness import SynthesizeHarness, run_scenario, translation

pytestmark = pytest.mark.hermetic


class Down(MemorySessionStore):
    """Refuses, or does not answer, until it is up."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    async def load(self, session: str) -> Session:
        if self.how == "hangs":
            await asyncio.Event().wait()
        if self.how == "refuses":
            raise StoreUnavailable("out of order")
        return await super().load(session)


@pytest.mark.parametrize("ahead", [7200.0, -7200.0])
def test_a_successors_attempts_are_above_those_of_a_host_whose_clock_was_wrong(ahead: float) -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.context.clock = ManualClock(EPOCH + round(ahead * 1000))  # type: ignore[assignment]
        harness.engine.delay["es"] = 0.5
        await harness.send(translation(1, 2400), every=1)
        half = harness.chunks(1)[0].attempt
        await harness.restart()
        await harness.send(translation(1, 2400), every=60)
        assert harness.chunks(1)[0].attempt > half
        assert harness.outcomes == [(1, Status.OK)]

    run_scenario(scenario)


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_speech_waits_a_few_seconds_at_most_for_a_store_that_is_down(how: str) -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.store = store = Down("")
        await store.create(harness.session)
        store.how = how
        await harness.restart()
        assert asyncio.get_running_loop().time() < 5
        await harness.send(translation(1), every=1)
        assert harness.outcomes == [(1, Status.OK)]
        assert harness.speech[0].attempt >> 20 == FIRST_EPOCH
        store.how = ""
        await asyncio.sleep(60)
        await harness.send(translation(2, end=99_000), every=1)
        assert harness.outcomes == [(1, Status.OK), (2, Status.OK)]
        assert harness.speech[-1].attempt >> 20 == (await store.load("talk")).epoch > FIRST_EPOCH

    run_scenario(scenario)


def test_what_the_session_overrides_counts_once_the_store_is_up() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.store = store = Down("")
        await store.create(harness.session)
        store.how = "refuses"
        await harness.restart()
        await harness.send(translation(1, 6000), translation(2, 600), every=10)
        store.how = ""
        await asyncio.sleep(60)
        await harness.send(translation(3, 6000, end=90_000), translation(4, 600, end=91_000), every=10)
        assert harness.outcomes == [(1, Status.OK), (2, Status.OK), (3, Status.OK), (4, Status.SKIPPED)]

    run_scenario(scenario, SynthesizeHarness(ScriptedSynthesizer(), SPEECH_MAX_LAG="2"))


def test_an_epoch_has_room_for_more_attempts_than_a_session_makes_and_never_runs_into_the_next() -> None:
    attempts, later = AttemptNumbers(), AttemptNumbers()
    attempts.set_epoch(FIRST_EPOCH + 1)
    later.set_epoch(FIRST_EPOCH + 2)
    made = [attempts.next() for _ in range(2**20 + 5)]
    assert made == sorted(made)
    assert made[-1] < later.next() < 2**53
