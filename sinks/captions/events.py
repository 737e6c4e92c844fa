"""What a caption subscriber yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.models import Status
from sinks.events import SessionEvent


@dataclass(frozen=True, slots=True)
class Caption:
    """Committed text of segment `number`, spoken from `start` to `end` (audio time, ms); it only changes by Corrected.

    A `status` other than ok says why there is no text. `captured_at` and `received_at` are epoch ms, `hops` says
    when each stage published it. `backlog` marks what was said before the subscriber joined. `speaker` is who said most
    of it, where speakers are told apart.
    """

    number: int
    language: str
    text: str
    start: int
    end: int
    status: Status
    captured_at: int
    hops: Mapping[str, int]
    received_at: int
    backlog: bool = False
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """Better text for the captions `first` to `last` together."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    """What is said right now and not committed yet; it replaces the tail before, and may be empty.

    `text` will hardly change. `unstable` follows it and often will: leave it out, or show it as what it is, a guess.
    """

    text: str
    unstable: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Captions `first` to `last` were not received: said before the subscriber joined, or lost on the way."""

    first: int
    last: int


CaptionEvent = Caption | Corrected | Tail | Missed | SessionEvent
