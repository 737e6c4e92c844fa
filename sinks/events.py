"""What every subscriber tells beside captions and speech: how its session and its streams fare."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ended:
    """The session has ended, and nothing follows: the last event.

    `reason` is "ended" where its speaker or an operator ended it, "idle" or "not started" where nobody spoke for too
    long, "too long" where it reached its longest length, and "over" where it had ended before and for 10 s
    nothing came that says why.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The streams have refused to be read for a second or more; nothing is lost, and what comes comes later.

    `reason` is what they said last.
    """

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The streams can be read again."""


SessionEvent = Ended | Interrupted | Resumed
