"""A session's settings while it runs."""

from __future__ import annotations

import asyncio

from processors.contract import Context
from shared.errors import SettingError
from shared.sessions import Session
from shared.settings import Settings

#: Seconds after which the session's item is loaded again.
_REFRESH_INTERVAL = 5.0


class SessionSettings:
    """The process's settings with what the session's item overrides.

    An override that is refused costs the session nothing but that: the last one that was valid stands.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        #: The last valid override of each setting, and what was said of those that are not.
        self._valid: dict[str, str] = {}
        self._refused: frozenset[str] = frozenset()
        self._loaded_at = 0.0
        self.current: Settings = context.settings

    @property
    def is_stale(self) -> bool:
        """Whether the item was not loaded for a while."""
        return asyncio.get_running_loop().time() - self._loaded_at >= _REFRESH_INTERVAL

    async def refresh(self) -> None:
        """Loads the item again."""
        self.apply(await self._context.store.load(self._context.key))

    def apply(self, item: Session) -> None:
        """Applies the overrides of a freshly loaded item; each that is refused becomes one dead letter."""
        self._loaded_at = asyncio.get_running_loop().time()
        self._valid = {name: value for name, value in self._valid.items() if name in item.settings}
        settings = self._context.settings.tolerate(self._valid)
        refused: list[str] = []
        for name, value in item.settings.items():
            errors: list[SettingError] = []
            settings = settings.tolerate({name: value}, errors.append)
            if not errors:
                self._valid[name] = value
            refused += map(str, errors)
        for error in refused:
            if error not in self._refused:
                self._context.dead_letter(f"the session's setting stays as it was: {error}")
        self._refused = frozenset(refused)
        self.current = settings
