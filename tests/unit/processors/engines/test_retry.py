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

MAX_HOLD = 60.0


class Trial:
    """A Patience, an engine that the test directs, and the times (s) of its tries."""

    def __init__(self) -> None:
        self.bench = OperatorHarness(DedupStage())
        self.patience = RetryPolicy(self.bench, "translate", "es", MAX_HOLD)
        self.answer: Callable[[], Awaitable[str]] = succeed
        self.tries: list[float] = []

    async def insist(self, waited: float = 0) -> str:
        """The outcome for an input that was received `waited` s ago."""
        received = Input(SessionEnded(session="talk", captured_at=EPOCH), EPOCH)
        return await self.patience.call(HeldInput(received, now() - waited), self._engine)

    async def give_up(self, waited: float = 0) -> float:
        """Expects the input to be given up; how long that took, in s."""
        self.tries.clear()
        began = now()
        with pytest.raises(RetriesExhausted):
            await self.insist(waited)
        return now() - began

    @property
    def letters(self) -> list[str]:
        """What the dead letters say."""
        return [letter.error for letter in self.bench.emitted if isinstance(letter, DeadLetter)]

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


def trial(play: Callable[[Trial], Awaitable[None]]) -> None:
    """Plays on virtual time."""

    async def main() -> None:
        await play(Trial())

    run(main())


def test_an_engine_that_recovers_in_time_loses_nothing() -> None:
    async def play(trial: Trial) -> None:
        async def recover() -> str:
            return await (succeed() if now() > 40 else fail())

        trial.answer = recover
        assert await trial.insist() == "hecho"
        assert 40 < now() < 46
        pauses = [after - before for before, after in zip(trial.tries, trial.tries[1:], strict=False)]
        assert pauses[0] <= 0.1
        assert all(pause <= 5 for pause in pauses)
        assert sum(pauses[:4]) < 1.6 < sum(pauses[-2:])
        assert trial.letters == []

    trial(play)


@pytest.mark.parametrize("answer", [fail, hang])
def test_no_input_is_held_past_max_hold(answer: Callable[[], Awaitable[str]]) -> None:
    async def play(trial: Trial) -> None:
        trial.answer = answer
        assert MAX_HOLD - 2 <= await trial.give_up() <= MAX_HOLD
        [letter] = trial.letters
        assert letter.startswith("es failed after ")
        assert "EngineUnavailable" in letter

    trial(play)


def test_after_the_first_failure_each_input_has_one_try_of_2_s_until_one_succeeds() -> None:
    async def play(trial: Trial) -> None:
        trial.answer = fail
        await trial.give_up()
        assert await trial.give_up() == 0
        assert len(trial.tries) == 1
        trial.answer = hang
        assert await trial.give_up() == 2
        assert len(trial.tries) == 1
        trial.answer = succeed
        assert await trial.insist() == "hecho"
        trial.answer = fail
        assert await trial.give_up() >= MAX_HOLD - 2
        assert len(trial.letters) == 4

    trial(play)


@pytest.mark.parametrize(("waited", "took", "tries"), [(50, 10, 1), (59, 2, 1), (60, 2, 1), (61.5, 0.5, 1), (62, 0, 0)])
def test_waiting_behind_others_is_part_of_the_hold(waited: float, took: float, tries: int) -> None:
    async def play(trial: Trial) -> None:
        trial.answer = hang
        assert await trial.give_up(waited) == pytest.approx(took)
        assert len(trial.tries) == tries

    trial(play)


def test_an_input_that_waited_for_long_is_served_where_the_engine_serves() -> None:
    async def play(trial: Trial) -> None:
        assert await trial.insist(waited=61) == "hecho"

    trial(play)


def test_a_language_that_is_not_served_is_given_up_at_once_with_one_dead_letter() -> None:
    async def play(trial: Trial) -> None:
        trial.answer = refuse
        for _ in range(3):
            assert await trial.give_up() == 0
        assert trial.tries == []
        assert len(trial.letters) == 1
        assert trial.letters[0].endswith("UnsupportedLanguage: no es here")
        assert trial.bench.metrics.observations(Metric.ERROR_RATE, stage="translate") == [100, 100]

    trial(play)


def test_an_unforeseen_error_is_named_by_its_type_and_never_quotes_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play(trial: Trial) -> None:
        async def quote() -> str:
            raise KeyError("what was said")

        trial.answer = quote
        await trial.give_up()
        assert len(trial.tries) > 5
        assert "KeyError" in trial.letters[0]

        with caplog.at_level(logging.DEBUG):
            trial.answer = quote
            await trial.give_up()
        assert "KeyError" in caplog.text
        assert "what was said" not in caplog.text + "".join(trial.letters)

    trial(play)


def test_work_that_the_engine_cancels_itself_has_failed() -> None:
    async def play(trial: Trial) -> None:
        async def shared_work_cancelled() -> str:
            shared = asyncio.ensure_future(hang())
            asyncio.get_running_loop().call_soon(shared.cancel)
            return await shared

        trial.answer = shared_work_cancelled
        assert await trial.give_up() >= MAX_HOLD - 2

    trial(play)


def test_one_that_is_asked_to_stop_stops() -> None:
    async def play(trial: Trial) -> None:
        trial.answer = hang
        insisting = asyncio.ensure_future(trial.insist())
        await asyncio.sleep(1)
        insisting.cancel()
        await asyncio.wait({insisting})
        assert insisting.cancelled()
        assert trial.letters == []

    trial(play)
