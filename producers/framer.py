"""Cuts PCM into frames and places them in audio time."""

from __future__ import annotations

from shared.models import SAMPLE_BYTES, AudioFrame
from shared.sessions import Session

#: How far (ms) the timeline may run ahead of the audio before that counts as a gap: less is jitter.
_TOLERANCE_MS = 500


class Framer:
    """The end of one session's audio that does not fill a frame yet, and where the next sample stands.

    Live audio follows the timeline: the first write, the first one after lost audio, and one that comes after a gap
    stand where that puts them, every other one follows the one before. Audio that is not live always does. Offsets
    never go back.
    """

    def __init__(self, session: Session, *, frame_ms: int, live: bool, offset: int) -> None:
        self._session = session
        self._frame_bytes = session.rate * frame_ms // 1000 * SAMPLE_BYTES
        self._live = live
        self._buffer = bytearray()
        self._buffer_offset = offset
        self._captured_at = 0
        self._continuous = False
        self._delay_samples = 0

    @property
    def offset(self) -> int:
        """The offset of the next sample, counted from the session's first."""
        return self._buffer_offset + len(self._buffer) // SAMPLE_BYTES

    @property
    def buffered_s(self) -> float:
        """Seconds of audio that do not fill a frame yet."""
        return len(self._buffer) // SAMPLE_BYTES / self._session.rate

    def cut(self, pcm: bytes, captured_at: int, due: float = 0.0) -> list[AudioFrame]:
        """The frames that `pcm` (s16le, any number of bytes) completes.

        `captured_at` is the epoch ms at which its last sample was captured, `due` the audio time (ms) at which that
        was, by the timeline: only live audio is placed by it.
        """
        samples = (len(self._buffer) % SAMPLE_BYTES + len(pcm)) // SAMPLE_BYTES
        frames = self._place(samples, due) if self._live and samples else []
        self._buffer += pcm
        self._captured_at = captured_at
        return frames + self._frames(self._frame_bytes)

    def flush(self) -> list[AudioFrame]:
        """What is left, as at most one frame shorter than the others; half a sample stays behind."""
        return self._frames(SAMPLE_BYTES)

    def delayed(self, ms: int) -> None:
        """The writer was made to wait for `ms`: audio that comes late by so much left no gap."""
        self._delay_samples += self._samples(ms)

    def mark_discontinuity(self) -> None:
        """Audio that was due now will not come: the next stands where the timeline puts it."""
        self._continuous = False

    def _place(self, samples: int, due: float) -> list[AudioFrame]:
        """Moves on to where the timeline puts the next samples, if that is a gap; returns what stood before it."""
        ahead = self._samples(due) - samples - self.offset
        allowed = self._samples(_TOLERANCE_MS) + self._delay_samples if self._continuous else 0
        self._continuous = True
        if ahead <= allowed:
            self._delay_samples = min(self._delay_samples, max(ahead, 0))
            return []
        before = self.flush()
        self._buffer_offset += ahead
        self._delay_samples = 0
        return before

    def _frames(self, least: int) -> list[AudioFrame]:
        """Frames of what is buffered, as long as there are `least` bytes of it."""
        end = self.offset
        whole = len(self._buffer) // SAMPLE_BYTES * SAMPLE_BYTES
        frames: list[AudioFrame] = []
        taken = 0
        while whole - taken >= least:
            payload = bytes(self._buffer[taken : min(taken + self._frame_bytes, whole)])
            taken += len(payload)
            offset = self._buffer_offset
            self._buffer_offset += len(payload) // SAMPLE_BYTES
            # Live samples were captured one after the other up to the last one.
            age = (end - self._buffer_offset) * 1000 // self._session.rate if self._live else 0
            frames.append(
                AudioFrame(
                    session=self._session.id,
                    captured_at=self._captured_at - age,
                    offset=offset,
                    payload=payload,
                    rate=self._session.rate,
                )
            )
        del self._buffer[:taken]
        return frames

    def _samples(self, ms: float) -> int:
        return round(ms * self._session.rate / 1000)
