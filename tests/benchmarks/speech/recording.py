"""Recorded speech whose words are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.models import SAMPLE_BYTES, Word


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono PCM s16le at `rate` Hz, and its words and punctuation, timed in ms."""

    pcm: bytes
    rate: int
    items: tuple[Word, ...]

    @property
    def words(self) -> list[Word]:
        """The items that are words."""
        return [item for item in self.items if not item.is_punctuation]

    @property
    def length(self) -> int:
        """Ms of audio."""
        return len(self.pcm) // SAMPLE_BYTES * 1000 // self.rate


def joined(recordings: Sequence[Recording], pause: int) -> Recording:
    """One after the other, each with `pause` ms of silence behind it; all of one rate."""
    rate = recordings[0].rate
    silence = bytes(pause * rate // 1000 * SAMPLE_BYTES)
    pcm = bytearray()
    items: list[Word] = []
    for recording in recordings:
        at = len(pcm) // SAMPLE_BYTES * 1000 // rate
        items += [replace(item, start=item.start + at, end=item.end + at) for item in recording.items]
        pcm += recording.pcm + silence
    return Recording(bytes(pcm), rate, tuple(items))
