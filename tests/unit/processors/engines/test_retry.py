"""How long an engine that fails is tried again, and what becomes of the inputs behind it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from processors.contract import Input
from processors.dedup.stage import DedupStage
from processors.engines.retry import HeldInput, RetriesExhausted, RetryPolicy
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.metrics import Metric
from shared.models import DeadLetter, SessionEnded
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, run

pytestmark = pytest.mark.hermetic

MAX_HOLD = 60.0


class RetryHarness:
    """A RetryPolicy, an engine that the test directs, and the times (s) of its tries."""

    def __init__(self) -> None:
        self.context = OperatorHarness(DedupStage())
        self.policy = RetryPolicy(self.context, "translate", "es", MAX_HOLD)
        self.answer: Callable[[], Awaitable[str]] = succeed
        self.tries: list[float] = []

    async def call(self, waited: float = 0) -> str:
        """The outcome for an input that was received `waited` s ago."""
        received = Input(SessionEnded(session="talk", captured_at=EPOCH), EPOCH)
        return await self.policy.call(HeldInput(received, now() - waited), self._engine)

    async def exhausted(self, waited: float = 0) -> float:
        """Expects the retries to be exhausted; how long that took, in s."""
        self.tries.clear()
        began = now()
        with pytest.raises(RetriesExhausted):
            await self.call(waited)
        return now() - began

    @property
    def dead_letters(self) -> list[str]:
        """What the dead letters say."""
        return [letter.error for letter in self.context.emitted if isinstance(letter, DeadLetter)]

    async def _engine(self) -> str:
        self.tries.append(now())
        return await self.answer()


async def succeed() -> str:
    return "hecho"


async def fail() -> str:
    raise EngineUnavailable("out of order")


async def hang() -> str:
    await asyncio.Event().wait()
    return "never"


async def refuse() -> str:
    raise UnsupportedLanguage("no es here")


def now() -> float:
    return asyncio.get_running_loop().time()


def run_scenario(scenario: Callable[[RetryHarness], Awaitable[None]]) -> None:
    """Runs it on virtual time."""

    async def main() -> None:
        await scenario(RetryHarness())

    run(main())


def test_an_engine_that_recovers_in_time_loses_nothing() -> None:
    async def scenario(harness: RetryHarness) -> None:
        async def recover() -> str:
            return await (succeed() if now() > 40 else fail())

        harness.answer = recover
        assert await harness.call() == "hecho"
        assert 40 < now() < 46
        pauses = [after - before for before, after in zip(harness.tries, harness.tries[1:], strict=False)]
        assert pauses[0] <= 0.1
        assert all(pause <= 5 for pause in pauses)
        assert sum(pauses[:4]) < 1.6 < sum(pauses[-2:])
        assert harness.dead_letters == []

    run_scenario(scenario)


@pytest.mark.parametrize("answer", [fail, hang])
def test_no_input_is_held_past_max_hold(answer: Callable[[], Awaitable[str]]) -> None:
    async def scenario(harness: RetryHarness) -> None:
        harness.answer = answer
        assert MAX_HOLD - 2 <= await harness.exhausted() <= MAX_HOLD
        [letter] = harness.dead_letters
        assert letter.startswith("es failed after ")
        assert "EngineUnavailable" in letter

    run_scenario(scenario)


def test_after_the_first_failure_each_input_has_one_try_of_2_s_until_one_succeeds() -> None:
    async def scenario(harness: RetryHarness) -> None:
        harness.answer = fail
        await harness.exhausted()
        assert await harness.exhausted() == 0
        assert len(harness.tries) == 1
        harness.answer = hang
        assert await harness.exhausted() == 2
        assert len(harness.tries) == 1
        harness.answer = succeed
        assert await harness.call() == "hecho"
        harness.answer = fail
        assert await harness.exhausted() >= MAX_HOLD - 2
        assert len(harness.dead_letters) == 4

    run_scenario(scenario)


@pytest.mark.parametrize(("waited", "took", "tries"), [(50, 10, 1), (59, 2, 1), (60, 2, 1), (61.5, 0.5, 1), (62, 0, 0)])
def test_waiting_behind_others_is_part_of_the_hold(waited: float, took: float, tries: int) -> None:
    async def scenario(harness: RetryHarness) -> None:
        harness.answer = hang
        assert await harness.exhausted(waited) == pytest.approx(took)
        assert len(harness.tries) == tries

    run_scenario(scenario)


def test_an_input_that_waited_for_long_is_served_where_the_engine_serves() -> None:
    async def scenario(harness: RetryHarness) -> None:
        assert await harness.call(waited=61) == "hecho"

    run_scenario(scenario)


def test_a_language_that_is_not_served_is_given_up_at_once_with_one_dead_letter() -> None:
    async def scenario(harness: RetryHarness) -> None:
        harness.answer = refuse
        for _ in range(3):
            assert await harness.exhausted() == 0
        assert harness.tries == []
        assert len(harness.dead_letters) == 1
        assert harness.dead_letters[0].endswith("UnsupportedLanguage: no es here")
        assert harness.context.metrics.observations(Metric.ERROR_RATE, stage="translate") == [100, 100]

    run_scenario(scenario)


def test_an_unforeseen_error_is_named_by_its_type_and_never_quotes_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario(harness: RetryHarness) -> None:
        async def quote() -> str:
            raise KeyError("what was said")

        harness.answer = quote
        await harness.exhausted()
        assert len(harness.tries) > 5
        assert "KeyError" in harness.dead_letters[0]

        with caplog.at_level(logging.DEBUG):
            harness.answer = quote
            await harness.exhausted()
        assert "KeyError" in caplog.text
        assert "what was said" not in caplog.text + "".join(harness.dead_letters)

    run_scenario(scenario)


def test_work_that_the_engine_cancels_itself_has_failed() -> None:
    async def scenario(harness: RetryHarness) -> None:
        async def shared_work_cancelled() -> str:
            shared = asyncio.ensure_future(hang())
            asyncio.get_running_loop().call_soon(shared.cancel)
            return await shared

        harness.answer = shared_work_cancelled
        assert await harness.exhausted() >= MAX_HOLD - 2

    run_scenario(scenario)


def test_one_that_is_asked_to_stop_stops() -> None:
    async def scenario(harness: RetryHarness) -> None:
        harness.answer = hang
        calling = asyncio.ensure_future(harness.call())
        await asyncio.sleep(1)
        calling.cancel()
        await asyncio.wait({calling})
        assert calling.cancelled()
        assert harness.dead_letters == []

    run_scenario(scenario)
