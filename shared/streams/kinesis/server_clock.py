"""The service's clock, as its answers tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from shared.clock import Clock, SystemClock

#: What a date leaves out, in ms: it tells whole seconds.
_RESOLUTION = 1000


def date(answer: Mapping[str, Any]) -> datetime | None:
    """When the service answered, to the second; None where it does not say."""
    said = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else None


class ServerClock:
    """Epoch ms by the service's clock, whatever this machine's says: its last answer's date and the time since.

    Where no answer has said a date it is `fallback`'s time.
    """

    def __init__(self, fallback: Clock | None = None) -> None:
        self._fallback = fallback or SystemClock()
        #: The service's epoch ms less the loop's time in ms.
        self._offset: float | None = None
        #: Half of the round-trip time (ms) of the last answer.
        self._half_rtt = 0.0

    @property
    def is_known(self) -> bool:
        """Whether an answer has said a date."""
        return self._offset is not None

    def sync(self, answer: Mapping[str, Any], asked_at: float) -> None:
        """Takes the date of an answer that has just come, and that was asked for at `asked_at` (loop time, s)."""
        if (said := date(answer)) is not None:
            now = asyncio.get_running_loop().time()
            self._offset = said.timestamp() * 1000 - now * 1000
            self._half_rtt = (now - asked_at) * 500

    def now(self) -> int:
        """The present, or up to a second and half a round trip before it: never what is still to come."""
        if self._offset is None:
            return self._fallback.now()
        return round(self._offset + asyncio.get_running_loop().time() * 1000)

    def likely(self) -> int:
        """The present, or up to a second before it, where the last answer was as long under way as its question."""
        return self.now() + round(self._half_rtt)

    def latest(self) -> int:
        """The present, or up to a second behind it."""
        return self.now() + _RESOLUTION
