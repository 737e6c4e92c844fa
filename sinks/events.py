"""What every subscriber tells beside captions and speech: how its session and its streams fare."""

from __future__ import annotations

from dataclasses import dataclass

from shared.streams.follower_events import Interrupted as Interrupted  # noqa: PLC0414 (a listener finds it here)
from shared.streams.follower_events import Resumed as Resumed  # noqa: PLC0414 (the same)


@dataclass(frozen=True, slots=True)
class Ended:
    """The session has ended, and nothing follows: the last event.

    `reason` is "ended" where its speaker or an operator ended it, "idle" or "not started" where nobody spoke for too
    long, "too long" where it reached its longest length, and "over" where it had ended before and for 10 s
    nothing came that says why.
    """

    reason: str


SessionEvent = Ended | Interrupted | Resumed
