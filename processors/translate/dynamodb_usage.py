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
_PATIENCE = 1.0
_SLOW = f"no answer within {_PATIENCE} s"
#: Writes that may be under way at once.
_CALLS = 8
#: Seconds after its last booking that an account is kept: longer than any session lasts.
_KEPT = 7 * 86_400


class DynamoDbUsage(Usage):
    """A Ledger whose bookings are single conditional writes.

    While the table fails, bookings are made in memory on top of what was last known of it, by each worker for itself;
    they are owed to the table and written, whatever the cap, before the next booking that it takes. A write that
    takes too long is not waited for, but goes on: what it comes to decides what is owed.
    """

    def __init__(self, aws: Aws, prefix: str = "", *, clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), prefix + SPENDING.name)
        self._clock = clock or SystemClock()
        self._memory = MemoryUsage()
        #: Booked in memory: what the table lacks, and what it may have taken, by writes that are not waited for. Memory
        #: has what the table has, and both of these.
        self._owed: defaultdict[str, int] = defaultdict(int)
        self._unsure: defaultdict[str, int] = defaultdict(int)
        self._calls = BackgroundCalls(_CALLS)
        self._settling: dict[str, asyncio.Task[None]] = {}
        self._rest = CircuitBreaker("characters spent cannot be written and are counted in memory", self._clock)

    async def book(self, account: str, characters: int, most: int) -> bool:
        if characters > most:
            return False
        writing: asyncio.Task[bool] | None = None
        if not self._rest.is_open:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._settle(account)
                    await self._calls.slots.acquire()
                    writing = self._calls.start_in_slot(self._write(account, characters, most))
                    booked = await asyncio.shield(writing)
            except TimeoutError:
                self._rest.record_failure(_SLOW)
            except Exception as error:
                # Its outcome is known: what memory books is owed at once.
                writing = None
                self._rest.record_failure(error)
            else:
                self._rest.record_success()
                return booked
        fits = await self._memory.book(account, characters, most)
        if writing is not None:
            _add(self._unsure, account, characters * fits)
            writing.add_done_callback(partial(self._reckon, account, characters, fits))
        elif fits:
            _add(self._owed, account, characters)
        return fits

    async def give_back(self, account: str, characters: int) -> None:
        """It is written with the account's next booking."""
        await self._memory.give_back(account, characters)
        _add(self._owed, account, -characters)

    async def close(self) -> None:
        """Waits 1 s at most."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._settle_all()
                # A booking that fails only now leaves a debt.
                await self._calls.wait()
                await self._settle_all()
        except TimeoutError:
            self._rest.record_failure(_SLOW)
        await self._calls.close(0)

    async def _settle_all(self) -> None:
        for outcome in await asyncio.gather(*map(self._settle, tuple(self._owed)), return_exceptions=True):
            if isinstance(outcome, Exception):
                self._rest.record_failure(outcome)

    async def _settle(self, account: str) -> None:
        """Writes what is owed; by one write at a time, since the debt stands until that has ended."""
        while account in self._owed or account in self._settling:
            if account not in self._settling:
                self._settling[account] = self._calls.start(self._pay(account))
            await asyncio.shield(self._settling[account])

    async def _pay(self, account: str) -> None:
        try:
            async with self._calls.slots:
                owed = self._owed[account]
                # Where this raises it may have been written all the same: rather twice than never.
                spent = await self._update(account, owed)
        finally:
            del self._settling[account]
        _add(self._owed, account, -owed)
        self._know(account, spent)

    async def _write(self, account: str, characters: int, most: int) -> bool:
        """Whether the table had room for the characters."""
        try:
            spent = await self._update(
                account, characters, "attribute_not_exists(#characters) OR #characters <= :room", room=most - characters
            )
        except ConditionFailed:
            return False
        self._know(account, spent)
        return True

    async def _update(self, account: str, characters: int, condition: str = "", **values: int) -> int:
        changed = await self._table.update(
            {SPENDING.key: account},
            f"ADD #characters :characters SET #{EXPIRES_AT} = :{EXPIRES_AT}",
            condition,
            returning=True,
            characters=characters,
            **{EXPIRES_AT: self._clock.now() // 1000 + _KEPT},
            **values,
        )
        return int(changed["characters"])

    def _know(self, account: str, spent: int) -> None:
        self._memory.known(account, spent + self._owed.get(account, 0) + self._unsure.get(account, 0))

    def _reckon(self, account: str, characters: int, fits: bool, writing: asyncio.Task[bool]) -> None:
        """Owes the difference between what memory said and what the table did."""
        booked = not writing.cancelled() and writing.exception() is None and writing.result()
        _add(self._owed, account, characters * (fits - booked))
        _add(self._unsure, account, -characters * fits)
        # What the table took came into memory with its answer, on top of what was unsure.
        self._memory.known(account, self._memory.spent(account) - characters * booked)


def _add(sums: defaultdict[str, int], account: str, characters: int) -> None:
    sums[account] += characters
    if not sums[account]:
        del sums[account]
