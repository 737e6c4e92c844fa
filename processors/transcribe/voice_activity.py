"""Whether audio is loud enough to hold speech."""

from __future__ import annotations

import math
import struct

from shared.models import SAMPLE_BYTES

#: Root mean square, of full scale, under which audio is quiet: -46 dB, above the hiss of a quiet room.
QUIET = 0.005
#: Every so many samples are looked at: loudness needs no more.
_STRIDE = 8


def is_quiet(pcm: bytes) -> bool:
    """Whether the root mean square of this PCM s16le stays under QUIET."""
    count = len(pcm) // SAMPLE_BYTES
    if not count:
        return True
    samples = struct.unpack(f"<{count}h", pcm[: count * SAMPLE_BYTES])[::_STRIDE]
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) < QUIET * 32768
