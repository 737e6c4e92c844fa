"""What one session may spend on an engine that is paid by the character."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from processors.contract import Context
from processors.translate.usage import Usage
from shared.metrics import Metric
from shared.settings import Settings

log = logging.getLogger(__name__)


class Budget:
    """Reserves characters of the session and of the day (UTC), each up to its cap in `settings`; 0 is no cap."""

    def __init__(self, context: Context, usage: Usage, settings: Settings) -> None:
        self._context = context
        self._usage = usage
        self._session_cap = settings.translate_session_characters
        # The day is everybody's: no session may raise its cap.
        self._day_cap = context.settings.translate_day_characters
        self._warned = False

    def reservation(self, text: str, language: str) -> Reservation:
        """Room for translating the text into one language; it is reserved when it is asked for."""
        return Reservation(self, len(text), language)

    async def reserve(self, characters: int, language: str) -> bool:
        """Whether both caps leave room for so many characters; they are reserved then, and counted for the language."""
        reserved: list[str] = []
        for reason, account, most in self._accounts():
            if not await self._usage.reserve(account, characters, most):
                for other in reserved:
                    await self._usage.refund(other, characters)
                self._refused(reason, most)
                return False
            reserved.append(account)
        self._context.metrics.count(Metric.TRANSLATED_CHARACTERS, characters, language=language)
        return True

    def _accounts(self) -> list[tuple[str, str, int]]:
        today = datetime.fromtimestamp(self._context.clock.now() / 1000, UTC).date().isoformat()
        accounts = [
            ("session", f"session:{self._context.key}", self._session_cap),
            ("day", f"day:{today}", self._day_cap),
        ]
        return [account for account in accounts if account[2]]

    def _refused(self, reason: str, most: int) -> None:
        self._context.metrics.count(Metric.SPEND_REFUSED, reason=reason)
        if not self._warned:
            self._warned = True
            log.warning(
                "translate: %s goes on without some translations: the %s's cap of %d characters is reached",
                self._context.key,
                reason,
                most,
            )


class Reservation:
    """A segment's characters in one language: however often its translation is tried, they are reserved once."""

    def __init__(self, budget: Budget, characters: int, language: str) -> None:
        self._budget = budget
        self._characters = characters
        self._language = language
        self._reserving: asyncio.Task[bool] | None = None

    async def granted(self) -> bool:
        """Whether they may be spent."""
        if self._reserving is None:
            self._reserving = asyncio.create_task(self._budget.reserve(self._characters, self._language))
        # A try that is cancelled here has reserved them all the same, and the next one must not again.
        return await asyncio.shield(self._reserving)
