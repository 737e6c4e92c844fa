"""Where it is written down how many characters were spent."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

#: Accounts that are remembered: those of far more sessions than one process serves in a day.
_ACCOUNTS = 100_000


class Usage(Protocol):
    """Characters spent, by account. No method raises: a ledger that fails goes on in memory."""

    async def book(self, account: str, characters: int, most: int) -> bool:
        """Whether the account had room for so many characters under its cap, and they are now booked on it."""

    async def give_back(self, account: str, characters: int) -> None:
        """Takes back what was booked and not spent."""

    async def close(self) -> None:
        """Writes what is not yet written, where it can."""


class MemoryUsage(Usage):
    """A Ledger of this process alone, of the accounts that were last used."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, int] = OrderedDict()

    def known(self, account: str, spent: int) -> None:
        """So many characters were spent on the account, as another ledger has it."""
        self._spent[account] = spent
        self._spent.move_to_end(account)
        if len(self._spent) > _ACCOUNTS:
            self._spent.popitem(last=False)

    def spent(self, account: str) -> int:
        """What was spent on the account, as far as is known."""
        return self._spent.get(account, 0)

    async def book(self, account: str, characters: int, most: int) -> bool:
        spent = self.spent(account) + characters
        if spent <= most:
            self.known(account, spent)
        return spent <= most

    async def give_back(self, account: str, characters: int) -> None:
        self.known(account, self.spent(account) - characters)

    async def close(self) -> None:
        pass
