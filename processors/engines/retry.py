"""How long one language of a session goes on with an engine that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from processors.contract import Context, Input
from shared.backoff import backoff
from shared.errors import EngineUnavailable, LowLatencyTranslateError, UnsupportedLanguage
from shared.metrics import Metric

log = logging.getLogger(__name__)

Made = TypeVar("Made")

#: Seconds of the one try that an input gets whose time is over.
LAST_TRY = 2.0


class RetriesExhausted(LowLatencyTranslateError):
    """The engine made nothing of an input, which is accounted for: publish its output as failed."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldInput:
    """An input and the loop time (s) at which its operator took it, from which its hold counts."""

    received: Input
    since: float


class RetryPolicy:
    """Tries an engine again, ever more slowly, until an input has been held for `max_hold` s.

    After an input was given up each that follows has one try of 2 s, until one succeeds. So has one that waited
    for `max_hold` behind others; one that waited 2 s more has none, so that no hold grows without bound. A
    language that the engine will never serve is given up at once, with a dead letter for the first input alone; where
    inputs differ in their own language (`source`), that is so for each of them.
    """

    def __init__(self, context: Context, stage: str, language: str, max_hold: float) -> None:
        self._context = context
        self._stage = stage
        self._language = language
        self._max_hold = max_hold
        self._failing = False
        self._unsupported: set[str] = set()

    async def call(self, held: HeldInput, work: Callable[[], Awaitable[Made]], source: str = "") -> Made:
        """What `work` returns; it is called again for each try. Raises RetriesExhausted once a dead letter is out."""
        if source in self._unsupported:
            # Where there is a dead letter, the host counts the failure.
            self._context.metrics.observe(Metric.ERROR_RATE, 100, stage=self._stage)
            raise RetriesExhausted(f"{self._language} is not served")
        loop = asyncio.get_running_loop()
        deadline = held.since + self._max_hold
        once = self._failing or loop.time() > deadline - LAST_TRY
        ends = min(loop.time(), deadline) + LAST_TRY if once else deadline
        failures = 0
        error: Exception = EngineUnavailable("no time was left for a try")
        while loop.time() < ends:
            try:
                made = await _bounded(work, ends)
            except UnsupportedLanguage as refusal:
                self._unsupported.add(source)
                raise self._given_up(held, refusal) from None
            except Exception as failure:
                error = failure
            else:
                self._failing = False
                return made
            failures += 1
            # Only the type: an engine's message may quote what was said.
            log.warning("%s: %s to %s: %s", self._stage, self._context.key, self._language, type(error).__name__)
            # The last try has its 2 s, whatever the pause before it.
            pause = min(backoff(failures), deadline - LAST_TRY - loop.time())
            if once or pause <= 0:
                break
            await asyncio.sleep(pause)
        self._failing = True
        raise self._given_up(held, error)

    def _given_up(self, held: HeldInput, error: Exception) -> RetriesExhausted:
        seconds = asyncio.get_running_loop().time() - held.since
        kind = type(error).__name__
        cause = f"{kind}: {error}" if isinstance(error, LowLatencyTranslateError) else kind
        reason = f"{self._language} failed after {seconds:.1f} s: {cause}"
        self._context.dead_letter(reason, held.received, language=self._language)
        return RetriesExhausted(reason)


async def _bounded(work: Callable[[], Awaitable[Made]], ends: float) -> Made:
    try:
        async with asyncio.timeout_at(ends):
            return await work()
    except TimeoutError:
        raise EngineUnavailable("no answer in time") from None
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # Work that the engine shares among its callers was cancelled, not this one.
        raise EngineUnavailable("the engine broke off its own work") from None
