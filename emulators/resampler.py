"""Audio at the rate that an engine, or a caller, wants."""

from __future__ import annotations

import numpy as np
import soxr


class Resampler:
    """Mono PCM s16le from `source` to `rate` (Hz), block by block."""

    def __init__(self, source: int, rate: int) -> None:
        self._stream = soxr.ResampleStream(source, rate, 1, "float32") if source != rate else None

    def resample(self, pcm: bytes, *, last: bool = False) -> bytes:
        """The next block, of whole samples; the `last` one brings what the resampler still holds."""
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        made = self._stream.resample_chunk(samples, last=last)
        return bytes(np.clip(np.rint(made), -32768, 32767).astype("<i2"))
