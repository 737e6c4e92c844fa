"""A record on its way out of an operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.streams import Entry, StreamName


def _unnoticed() -> None:
    """Nobody waits for it yet."""


@dataclass(slots=True, eq=False)
class Emission:
    """A record on its way out; durable once each of its `unconfirmed` has confirmed it."""

    stream: StreamName
    #: What is published; None where only a fused stage takes the record.
    entry: Entry | None
    #: Who must still confirm: the stream it is published to, the fused stage that consumes it, or both.
    unconfirmed: int = 1
    #: Loop time (s) at which it was emitted.
    since: float = 0.0
    #: To be told once it is durable.
    on_durable: Callable[[], None] = _unnoticed

    def confirm(self) -> None:
        """One of those it waits for is done with it."""
        self.unconfirmed -= 1
        if not self.unconfirmed:
            self.on_durable()
