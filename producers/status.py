"""What a client may know of its audio's way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProducerStatus:
    """Whether the stream takes a producer's records, at one moment.

    `connected` says that the producer is open, and that nothing is refused or has waited for the stream's answer for
    2 s. Else `refusal` says why, as the stream did, and `refused_since` is the epoch ms at which the record that it
    does not take was given to it first; None where that is none. `unsent_s` are the seconds of audio that `write` has
    taken and the stream has not: once the producer is closed, those that are lost.
    """

    connected: bool
    refused_since: int | None
    unsent_s: float
    refusal: str
