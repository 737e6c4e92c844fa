"""Characters spent, in the DynamoDB table Spending, which all workers share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from functools import partial

from processors.translate.usage import MemoryUsage, Usage
from shared.aws import Aws
from shared.aws.background_calls import BackgroundCalls
from shared.aws.circuit_breaker import CircuitBreaker
from shared.aws.table import ConditionFailed, Table
from shared.aws.tables import EXPIRES_AT, SPENDING
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable

#: Seconds that a translation waits for the table.
_TIMEOUT = 1.0
_TIMED_OUT = f"no answer within {_TIMEOUT} s"
#: Writes that may be under way at once.
_CONCURRENCY = 8
#: Seconds after its last reservation that an account is kept: longer than any session lasts.
_RETENTION = 7 * 86_400


class DynamoDbUsage(Usage):
    """A Usage whose reservations are single conditional writes.

    While the table fails, they are made in memory on top of what was last known of it, by each worker for itself;
    they are owed to the table and written, whatever the cap, before the next reservation that it takes. A write that
    takes too long is not waited for, but goes on: what it comes to decides what is owed.
    """

    def __init__(self, aws: Aws, prefix: str = "", *, clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), prefix + SPENDING.name)
        self._clock = clock or SystemClock()
        self._memory = MemoryUsage()
        #: Reserved in memory: what the table lacks, and what it may have, by writes that are not waited for. Memory
        #: has what the table has, and both of these.
        self._owed: defaultdict[str, int] = defaultdict(int)
        self._in_doubt: defaultdict[str, int] = defaultdict(int)
        self._calls = BackgroundCalls(_CONCURRENCY)
        self._writing_owed: dict[str, asyncio.Task[None]] = {}
        self._breaker = CircuitBreaker(
            "translate: characters spent cannot be written and are counted in memory", self._clock
        )

    async def reserve(self, account: str, characters: int, cap: int) -> bool:
        if characters > cap:
            return False
        writing: asyncio.Task[bool] | None = None
        if not self._breaker.is_open:
            try:
                async with asyncio.timeout(_TIMEOUT):
                    await self._write_owed(account)
                    await self._calls.slots.acquire()
                    writing = self._calls.start_in_slot(self._try_reserve(account, characters, cap))
                    reserved = await asyncio.shield(writing)
            except TimeoutError:
                self._breaker.record_failure(_TIMED_OUT)
            except Exception as error:
                # Its outcome is known: what memory reserves is owed at once.
                writing = None
                self._breaker.record_failure(error)
            else:
                self._breaker.record_success()
                return reserved
        fits = await self._memory.reserve(account, characters, cap)
        if writing is not None:
            _add(self._in_doubt, account, characters * fits)
            writing.add_done_callback(partial(self._reconcile, account, characters, fits))
        elif fits:
            _add(self._owed, account, characters)
        return fits

    async def refund(self, account: str, characters: int) -> None:
        """It is written with the account's next reservation."""
        await self._memory.refund(account, characters)
        _add(self._owed, account, -characters)

    async def close(self) -> None:
        """Waits 1 s at most."""
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._write_all_owed()
                # A reservation that fails only now leaves something owed.
                await self._calls.wait()
                await self._write_all_owed()
        except TimeoutError:
            self._breaker.record_failure(_TIMED_OUT)
        await self._calls.close(0)

    async def _write_all_owed(self) -> None:
        for outcome in await asyncio.gather(*map(self._write_owed, tuple(self._owed)), return_exceptions=True):
            if isinstance(outcome, Exception):
                self._breaker.record_failure(outcome)

    async def _write_owed(self, account: str) -> None:
        """Writes what is owed; by one write at a time, since it is owed until that has ended."""
        while account in self._owed or account in self._writing_owed:
            if account not in self._writing_owed:
                self._writing_owed[account] = self._calls.start(self._write_owed_now(account))
            await asyncio.shield(self._writing_owed[account])

    async def _write_owed_now(self, account: str) -> None:
        try:
            async with self._calls.slots:
                owed = self._owed[account]
                # Where this raises it may have been written all the same: rather twice than never.
                spent = await self._update(account, owed)
        finally:
            del self._writing_owed[account]
        _add(self._owed, account, -owed)
        self._update_memory(account, spent)

    async def _try_reserve(self, account: str, characters: int, cap: int) -> bool:
        """Whether the table had room for the characters."""
        try:
            spent = await self._update(
                account, characters, "attribute_not_exists(#characters) OR #characters <= :room", room=cap - characters
            )
        except ConditionFailed:
            return False
        self._update_memory(account, spent)
        return True

    async def _update(self, account: str, characters: int, condition: str = "", **values: int) -> int:
        changed = await self._table.update(
            {SPENDING.key: account},
            f"ADD #characters :characters SET #{EXPIRES_AT} = :{EXPIRES_AT}",
            condition,
            returning=True,
            characters=characters,
            **{EXPIRES_AT: self._clock.now() // 1000 + _RETENTION},
            **values,
        )
        return int(changed["characters"])

    def _update_memory(self, account: str, spent: int) -> None:
        self._memory.set_spent(account, spent + self._owed.get(account, 0) + self._in_doubt.get(account, 0))

    def _reconcile(self, account: str, characters: int, fits: bool, writing: asyncio.Task[bool]) -> None:
        """Owes the difference between what memory said and what the table did."""
        reserved = not writing.cancelled() and writing.exception() is None and writing.result()
        _add(self._owed, account, characters * (fits - reserved))
        _add(self._in_doubt, account, -characters * fits)
        # What the table reserved came into memory with its answer, on top of what was in doubt.
        self._memory.set_spent(account, self._memory.spent(account) - characters * reserved)


def _add(sums: defaultdict[str, int], account: str, characters: int) -> None:
    sums[account] += characters
    if not sums[account]:
        del sums[account]
