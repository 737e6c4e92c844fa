"""What a follower tells: items, and how its streams fare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.streams.base import Item
from shared.streams.names import StreamName


class StreamItem(NamedTuple):
    """An item and the stream it stands on; `backlog` says that it stood there when the follower joined."""

    stream: StreamName
    item: Item
    backlog: bool = False


class CaughtUp(NamedTuple):
    """Every item that stood there when the follower joined has been given out."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The streams have refused to be read for a second or more; nothing is lost, and what comes comes later.

    `reason` is what they said last.
    """

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The streams can be read again."""


FollowerEvent = StreamItem | CaughtUp | Interrupted | Resumed
