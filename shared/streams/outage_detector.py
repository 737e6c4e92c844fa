"""When a shard that refuses reads is in an outage."""

from __future__ import annotations

import asyncio

#: Seconds for which a shard must refuse: what is over sooner, such as a throttled read, is no outage.
GRACE = 1.0


class OutageDetector:
    """Follows the reads of one shard."""

    def __init__(self) -> None:
        #: Loop time (s) of the first of the refusals in a row; None behind a read that was not refused.
        self._since: float | None = None
        self._is_out = False

    def record_failure(self) -> bool:
        """A read was refused; returns whether it has gone on for so long that an outage begins."""
        now = asyncio.get_running_loop().time()
        self._since = now if self._since is None else self._since
        begins = not self._is_out and now - self._since >= GRACE
        self._is_out = self._is_out or begins
        return begins

    def record_success(self) -> bool:
        """A read was not refused; returns whether that ends an outage."""
        ends, self._since, self._is_out = self._is_out, None, False
        return ends
