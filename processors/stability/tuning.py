"""A session's settings while it runs."""

from __future__ import annotations

import asyncio

from processors.contract import Context
from shared.errors import SettingError
from shared.sessions import Session
from shared.settings import Settings

#: Seconds after which the session's item is asked again.
_REFRESH = 5.0


class Tuning:
    """The process's settings with what the session's item overrides; an invalid override leaves the last valid ones."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._refused = ""
        self._asked_at = 0.0
        self.settings: Settings = context.settings

    @property
    def is_old(self) -> bool:
        """Whether the item was not asked for a while."""
        return asyncio.get_running_loop().time() - self._asked_at >= _REFRESH

    async def refresh(self) -> None:
        """Asks the item again."""
        self.apply(await self._context.store.load(self._context.key))

    def apply(self, item: Session) -> None:
        """Takes the overrides of a freshly loaded item; those it refuses become one dead letter."""
        self._asked_at = asyncio.get_running_loop().time()
        try:
            self.settings = self._context.settings.override(item.settings)
            self._refused = ""
        except SettingError as error:
            if str(error) != self._refused:
                self._refused = str(error)
                self._context.dead_letter(f"the session's settings stay as they were: {error}")
