"""What the service allows a stream and an account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TranscribeLimits:
    """The service's own, which are the defaults, or shorter ones for a test that will not wait."""

    #: Seconds that may pass without an audio event.
    idle: float = 15.0
    #: Seconds of audio in one stream.
    length: float = 4 * 3600.0
    #: Streams open at the same time.
    streams: int = 25
