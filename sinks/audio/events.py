"""What an audio subscriber yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.models import Status
from sinks.events import SessionEvent


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """The next audio to play: mono PCM s16le at `rate` Hz, of the clip of segment `number`.

    `first` and `last` mark the clip's ends; the segment was spoken from `start` to `end` (audio time, ms). Epoch ms:
    `captured_at` and `received_at`; `hops` says when each stage published it.
    """

    number: int
    language: str
    payload: bytes
    rate: int
    first: bool
    last: bool
    start: int
    end: int
    captured_at: int
    hops: Mapping[str, int]
    received_at: int


@dataclass(frozen=True, slots=True)
class ClipLeftOut:
    """Segment `number` has no speech, and its status says why."""

    number: int
    status: Status


@dataclass(frozen=True, slots=True)
class ClipMissed:
    """The clips of segments `first` to `last` did not come: spoken before the subscriber joined, or waited for in vain.

    Of one that has `begun` the rest did not come.
    """

    first: int
    last: int
    begun: bool = False


AudioEvent = AudioChunk | ClipLeftOut | ClipMissed | SessionEvent
