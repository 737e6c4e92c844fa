"""The clips of one language, reordered by their numbers before they are played."""

from __future__ import annotations

from collections.abc import Iterator

from shared.models import Speech, Status
from sinks.audio.clip import Clip
from sinks.audio.events import AudioChunk, AudioEvent, ClipLeftOut, ClipMissed


class PlayoutBuffer:
    """Gives out each clip when its turn comes; one that is missing delays the next by `timeout_s` at most.

    The first clip is the one behind number `after`. Without that it is the first whose beginning arrives: nothing
    below its number is waited for, and of a clip that was under way before nothing is played. Times are loop time in s.
    """

    def __init__(self, timeout_s: float, after: int | None = None) -> None:
        self._timeout_s = timeout_s
        self._next_number = None if after is None else after + 1
        self._clips: dict[int, Clip] = {}
        self._waiting_since: float | None = None

    @property
    def deadline(self) -> float | None:
        """When the clip whose turn it is times out; None while none is waited for."""
        return None if self._waiting_since is None else self._waiting_since + self._timeout_s

    def add(self, chunk: Speech, now: float, received_at: int) -> Iterator[AudioEvent]:
        """Takes a chunk and gives out what can be played now."""
        if self._next_number is None:
            if chunk.offset:
                return
            self._next_number = chunk.number
            if chunk.number > 1:
                yield ClipMissed(1, chunk.number - 1)
        if chunk.number >= self._next_number:
            self._clips.setdefault(chunk.number, Clip()).add(chunk)
            yield from self._play(now, received_at)

    def expire(self, now: float, received_at: int) -> Iterator[AudioEvent]:
        """Goes on behind a clip that has timed out."""
        if self.deadline is not None and now >= self.deadline:
            yield from self._skip()
            yield from self._play(now, received_at)

    @property
    def open(self) -> bool:
        """Whether of a clip that has begun to arrive the end is not here."""
        return any(not clip.whole for clip in self._clips.values())

    def finish(self, now: float, received_at: int) -> Iterator[AudioEvent]:
        """Nothing more comes: gives out all that is here."""
        while self._clips:
            yield from self._skip()
            yield from self._play(now, received_at)

    def missed(self, last: int) -> Iterator[AudioEvent]:
        """What is missed, to be asked after `finish`, where there were clips up to number `last`."""
        first = self._next_number or 1
        if first <= last:
            yield ClipMissed(first, last)

    def _skip(self) -> Iterator[AudioEvent]:
        """Goes on at the next clip that has something here: those before it were waited for at the same time."""
        assert self._next_number is not None
        first, clip = self._next_number, self._clips.pop(self._next_number, None)
        if clip is not None and clip.begun:
            yield ClipMissed(first, first, begun=True)
            first += 1
        self._next_number = min(self._clips, default=max(first, self._next_number + 1))
        self._waiting_since = None
        if first < self._next_number:
            yield ClipMissed(first, self._next_number - 1)

    def _play(self, now: float, received_at: int) -> Iterator[AudioEvent]:
        assert self._next_number is not None
        while (clip := self._clips.get(self._next_number)) is not None:
            for chunk, payload, begins in clip.take():
                self._waiting_since = None
                yield _event(chunk, payload, received_at, first=begins)
            if not clip.complete:
                break
            del self._clips[self._next_number]
            self._next_number += 1
        if not any(number > self._next_number for number in self._clips):
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now


def _event(chunk: Speech, payload: bytes, received_at: int, *, first: bool) -> AudioEvent:
    if chunk.status is not Status.OK:
        return ClipLeftOut(chunk.number, chunk.status)
    return AudioChunk(
        number=chunk.number,
        language=chunk.language,
        payload=payload,
        rate=chunk.rate,
        first=first,
        last=chunk.last,
        start=chunk.start,
        end=chunk.end,
        captured_at=chunk.captured_at,
        hops=chunk.hops,
        received_at=received_at,
    )
