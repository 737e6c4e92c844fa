"""The signs of life of the children, one a shard."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Beat:
    """What a child says of itself every few seconds."""

    pid: int
    shard: str
    #: The sequence number up to which its work is done; None before the first.
    released: str | None = None
    #: Whether it reads no further for now: an output refuses, or too much is held.
    blocked: bool = False
    #: How far it is behind the end of its shard, in ms, where KCL told.
    behind_ms: int | None = None

    @classmethod
    def of(cls, line: Any) -> Self | None:
        """The beat in a line that a child logged; None where it holds none."""
        match line:
            case {"beat": {"pid": int(pid), "shard": str(shard), **others}}:
                released, behind = others.get("released"), others.get("behind_ms")
                return cls(
                    pid,
                    shard,
                    released if isinstance(released, str) else None,
                    bool(others.get("blocked")),
                    behind if isinstance(behind, int) else None,
                )
        return None


class Beats:
    """The newest beat of each shard, and its age."""

    def __init__(self, time: Callable[[], float] = time.monotonic) -> None:
        self._time = time
        self._newest: dict[str, tuple[Beat, float]] = {}

    def add(self, beat: Beat) -> None:
        """A child has just sent it."""
        self._newest[beat.shard] = beat, self._time()

    def forget(self, shard: str) -> None:
        """The shard's child has ended as it should."""
        self._newest.pop(shard, None)

    def clear(self) -> None:
        """All children have ended."""
        self._newest.clear()

    def ages(self) -> Mapping[str, tuple[Beat, float]]:
        """Every shard's newest beat, and how many seconds ago it came."""
        now = self._time()
        return {shard: (beat, now - at) for shard, (beat, at) in sorted(self._newest.items())}
