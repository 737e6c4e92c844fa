"""How many characters were spent on an engine that is paid by them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

#: Accounts that are remembered: those of far more sessions than one process serves in a day.
_ACCOUNTS = 100_000


class Usage(Protocol):
    """Characters spent, by account. No method raises: one whose store fails goes on in memory."""

    async def reserve(self, account: str, characters: int, cap: int) -> bool:
        """Whether the account had room for so many characters under its cap; then they are reserved on it."""

    async def refund(self, account: str, characters: int) -> None:
        """Takes back what was reserved and not spent."""

    async def close(self) -> None:
        """Writes what is not yet written, where it can."""


class MemoryUsage(Usage):
    """The Usage of this process alone, of the accounts that were last used."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, int] = OrderedDict()

    def set_spent(self, account: str, spent: int) -> None:
        """So many characters were spent on the account, as a shared Usage has it."""
        self._spent[account] = spent
        self._spent.move_to_end(account)
        if len(self._spent) > _ACCOUNTS:
            self._spent.popitem(last=False)

    def spent(self, account: str) -> int:
        """What was spent on the account, as far as is known."""
        return self._spent.get(account, 0)

    async def reserve(self, account: str, characters: int, cap: int) -> bool:
        spent = self.spent(account) + characters
        if spent <= cap:
            self.set_spent(account, spent)
        return spent <= cap

    async def refund(self, account: str, characters: int) -> None:
        self.set_spent(account, self.spent(account) - characters)

    async def close(self) -> None:
        pass
