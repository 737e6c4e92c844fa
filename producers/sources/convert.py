"""Any PCM to mono s16le at another rate, block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from producers.sources.mix import Mixer
from producers.sources.riff import Encoding, WavHeader
from shared.errors import DependencyMissing
from shared.remedies import install_extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: As loud as a sample may be, in multiples of full scale: more is no audio, and makes the resampler overflow.
_LOUDEST = 1000


class Mono:
    """Mixes channels at `source_rate` down to one and resamples it to `rate`; keeps the resampler's state.

    `gains` are those of the channels in the mix, by default all alike. Raises DependencyMissing where numpy, or soxr
    for another rate, is not installed.
    """

    def __init__(self, channels: int, source_rate: int, rate: int, gains: Sequence[float] | None = None) -> None:
        try:
            import numpy as np  # noqa: F401, PLC0415 - only audio that needs converting needs it

            self._resampler: Any = None
            if source_rate != rate:
                import soxr  # noqa: PLC0415 - see above

                self._resampler = soxr.ResampleStream(source_rate, rate, 1, dtype="float32")
        except ImportError as error:
            raise DependencyMissing(
                f"expected {error.name} to convert {channels} channels at {source_rate} Hz "
                f"to mono at {rate} Hz: {install_extra('workers')}"
            ) from None
        self._mixer = Mixer(channels, source_rate, gains)

    def convert(self, samples: NDArray[np.float32], *, last: bool) -> bytes:
        """Mono s16le of samples (time, channel), -1 to 1; the `last` ones bring what the resampler still holds."""
        import numpy as np  # noqa: PLC0415 - see above

        mixed = self._mixer.mix(samples)
        if self._resampler is not None:
            mixed = self._resampler.resample_chunk(mixed, last=last)
        return bytes(np.clip(np.rint(mixed * 32768), -32768, 32767).astype("<i2"))


class Converter:
    """Makes mono at `rate` of the blocks of a WAV file.

    Raises DependencyMissing where numpy, or soxr for another rate, is not installed.
    """

    def __init__(self, header: WavHeader, rate: int) -> None:
        self._header = header
        self._mono = Mono(header.channels, header.rate, rate)

    def convert(self, block: bytes, *, last: bool) -> bytes:
        """Mono s16le of the next block; the `last` one brings what the resampler still holds."""
        return self._mono.convert(self._samples(block).reshape(-1, self._header.channels), last=last)

    def _samples(self, block: bytes) -> NDArray[np.float32]:
        import numpy as np  # noqa: PLC0415 - see above

        size = self._header.sample_bytes
        if self._header.encoding is Encoding.FLOAT:
            return levels(np.frombuffer(block, f"<f{size}"))
        if size == 3:
            wide = np.zeros((len(block) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(block, np.uint8).reshape(-1, 3)
            return levels(wide.view("<i4")[:, 0])
        # The one width that WAV writes unsigned is 8 bits.
        return levels(np.frombuffer(block, np.uint8 if size == 1 else f"<i{size}"))


def levels(samples: NDArray[Any]) -> NDArray[np.float32]:
    """Samples of any type, unsigned for 8 bits alone, as -1 to 1; what is no number is silence."""
    import numpy as np  # noqa: PLC0415 - see above

    if samples.dtype.kind == "f":
        # Infinity is full scale, as it always was; other values that cannot be are kept within what can be counted.
        finite: NDArray[np.float32] = np.nan_to_num(samples, nan=0, posinf=1, neginf=-1)
        return finite.clip(-_LOUDEST, _LOUDEST).astype(np.float32)
    if samples.dtype.kind == "u":
        return (samples.astype(np.float32) - 128) / np.float32(128)
    return samples.astype(np.float32) / np.float32(1 << samples.dtype.itemsize * 8 - 1)
