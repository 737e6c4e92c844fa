"""Characters spent, in the DynamoDB table Spending, which all workers share."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from processors.translate.ledger import MemoryLedger
from processors.translate.rest import Rest
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Table
from shared.aws.tables import EXPIRES_AT, SPENDING
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable

#: Seconds that a translation waits for the table.
_PATIENCE = 1.0
#: Seconds after its last booking that an account is kept: longer than any session lasts.
_KEPT = 7 * 86_400


class DynamoDbLedger:
    """A Ledger whose bookings are single conditional writes.

    While the table fails, bookings are made in memory on top of what was last known of it, by each worker for itself;
    they are owed to the table and written, whatever the cap, before the next booking that it takes.
    """

    def __init__(self, aws: Aws, prefix: str = "", *, clock: Clock | None = None) -> None:
        self._table = Table(aws.client("dynamodb", StoreUnavailable), prefix + SPENDING.name)
        self._clock = clock or SystemClock()
        self._memory = MemoryLedger()
        self._owed: defaultdict[str, int] = defaultdict(int)
        self._rest = Rest("characters spent cannot be written and are counted in memory", self._clock)

    async def book(self, account: str, characters: int, most: int) -> bool:
        """See Ledger.book."""
        if characters > most:
            return False
        if not self._rest.rests:
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._settle(account)
                    return await self._booked(account, characters, most)
            except TimeoutError:
                self._rest.failed(f"no answer within {_PATIENCE} s")
            except Exception as error:
                self._rest.failed(error)
        fits = await self._memory.book(account, characters, most)
        if fits:
            self._owed[account] += characters
        return fits

    async def give_back(self, account: str, characters: int) -> None:
        """See Ledger.give_back; it is written with the account's next booking."""
        await self._memory.give_back(account, characters)
        self._owed[account] -= characters

    async def close(self) -> None:
        """See Ledger.close; waits 1 s at most."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.gather(*map(self._settle, tuple(self._owed)))
        except Exception as error:
            self._rest.failed(error)

    async def _settle(self, account: str) -> None:
        owed = self._owed.pop(account, 0)
        if not owed:
            return
        try:
            await self._add(account, owed)
        except BaseException:
            # It may have been written all the same: rather twice than never.
            self._owed[account] += owed
            raise

    async def _booked(self, account: str, characters: int, most: int) -> bool:
        try:
            await self._add(
                account, characters, "attribute_not_exists(#characters) OR #characters <= :room", room=most - characters
            )
        except ConditionFailed:
            fits = False
        else:
            fits = True
        self._rest.worked()
        return fits

    async def _add(self, account: str, characters: int, condition: str = "", **values: int) -> None:
        changed = await self._table.update(
            {SPENDING.key: account},
            f"ADD #characters :characters SET #{EXPIRES_AT} = :{EXPIRES_AT}",
            condition,
            returning=True,
            characters=characters,
            **{EXPIRES_AT: self._clock.now() // 1000 + _KEPT},
            **values,
        )
        self._memory.known(account, changed["characters"])
