"""How an operator of synthesize begins and ends, and what belongs to it."""

from __future__ import annotations

import asyncio

import pytest

from processors.contract import Closing
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from shared.errors import SessionUnknown
from shared.models import Segment, SessionEnded, Status
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.synthesize.synthesize_harness import END, SynthesizeHarness, run_scenario, translation

pytestmark = pytest.mark.hermetic

OK = Status.OK


def test_at_a_shards_end_it_finishes_all_it_holds() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 0.5
        await harness.send(translation(1), translation(2), END)
        await harness.close(Closing.SHARD_END)
        assert harness.outcomes == [(1, OK), (2, OK)]
        assert harness.context.acked == [translation(1), translation(2), END]

    run_scenario(scenario)


def test_at_a_shutdown_what_is_not_finished_stays_for_the_next_owner() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        harness.engine.delay["es"] = 0.5
        await harness.send(translation(1), translation(2))
        await harness.until(5)
        await harness.close(Closing.SHUTDOWN)
        assert asyncio.get_running_loop().time() == 5
        assert harness.acked == [1]
        half = harness.chunks(2)[0].attempt
        await harness.restart()
        await harness.send(translation(2), every=5)
        assert harness.outcomes == [(2, OK)]
        assert harness.chunks(2)[0].attempt > half
        assert harness.acked == [2]

    run_scenario(scenario)


def test_every_language_of_a_session_has_an_operator_of_its_own() -> None:
    stage = SynthesizeStage(ScriptedSynthesizer())
    assert stage.key(translation(1)) == "talk/es"
    assert stage.key(END) == "talk/es"


def test_a_session_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SessionUnknown):
        run(SynthesizeHarness().restart())


def test_a_record_that_does_not_belong_here_is_named() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        stray = Segment(session="talk", captured_at=EPOCH, number=1, language="en", text="Hi.", start=0, end=1)
        with pytest.raises(TypeError, match="expected a Translation or SessionEnded, got Segment"):
            await harness.send(stray)

    run_scenario(scenario)


def test_the_end_of_a_language_passes_though_nothing_was_said() -> None:
    async def scenario(harness: SynthesizeHarness) -> None:
        await harness.send(END, every=0.01)
        assert harness.context.emitted == [SessionEnded(session="talk", captured_at=EPOCH, language="es")]
        assert harness.context.acked == [END]

    run_scenario(scenario)


def test_the_engine_is_closed_with_the_stage() -> None:
    class Closable(ScriptedSynthesizer):
        closed = False

        async def close(self) -> None:
            self.closed = True

    engine = Closable()
    run(SynthesizeStage(engine).close())
    assert engine.closed
