"""Where an input came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.streams import StreamName


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an input came from, and whom to tell when an operator takes it, has taken it, and has released it."""

    stream: StreamName
    shard: str
    sequence: str
    on_release: Callable[[], None]
    #: Bytes that the input holds in this host.
    size: int = 0
    on_take: Callable[[], None] = _nothing
    on_taken: Callable[[], None] = _nothing
