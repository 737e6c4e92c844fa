"""What a follower tells."""

from __future__ import annotations

from typing import NamedTuple

from shared.streams.base import Item
from shared.streams.names import StreamName


class Followed(NamedTuple):
    """An item and the stream it stands on; `past` says that it stood there when the follower came."""

    stream: StreamName
    item: Item
    past: bool = False


class CaughtUp(NamedTuple):
    """Every item that stood there when the follower came has been given out."""


class Refused(NamedTuple):
    """Reads have been refused for a while, and why: nothing may come until Answered."""

    reason: str


class Answered(NamedTuple):
    """Every shard can be read again."""


News = Followed | CaughtUp | Refused | Answered
