"""Any PCM to mono s16le at another rate, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from producers.sources.riff import Encoding, WavHeader
from shared.errors import DependencyMissing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HINT = "pip install 'low-latency-translate[workers]'"


class Converter:
    """Mixes the channels of a WAV file's blocks down to one and resamples it; keeps the resampler's state.

    Raises DependencyMissing where numpy, or soxr for another rate, is not installed.
    """

    def __init__(self, header: WavHeader, rate: int) -> None:
        try:
            import numpy as np  # noqa: F401, PLC0415 - only audio that needs converting needs it

            self._resampler: Any = None
            if header.rate != rate:
                import soxr  # noqa: PLC0415 - see above

                self._resampler = soxr.ResampleStream(header.rate, rate, 1, dtype="float32")
        except ImportError as error:
            raise DependencyMissing(
                f"expected {error.name} to convert {header.channels} channels at {header.rate} Hz "
                f"to mono at {rate} Hz: {_HINT}"
            ) from None
        self._header = header

    def convert(self, block: bytes, *, last: bool) -> bytes:
        """Mono s16le of the next block; the `last` one brings what the resampler still holds."""
        import numpy as np  # noqa: PLC0415 - see above

        samples = self._samples(block).reshape(-1, self._header.channels).mean(axis=1, dtype=np.float32)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        return bytes(np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2"))

    def _samples(self, block: bytes) -> NDArray[np.float32]:
        """The block's samples, -1 to 1."""
        import numpy as np  # noqa: PLC0415 - see above

        size = self._header.sample_bytes
        if self._header.encoding is Encoding.FLOAT:
            return np.nan_to_num(np.frombuffer(block, f"<f{size}").astype(np.float32), nan=0, posinf=1, neginf=-1)
        if size == 1:
            # The one width that WAV writes unsigned.
            return (np.frombuffer(block, np.uint8).astype(np.float32) - 128) / np.float32(128)
        if size == 3:
            wide = np.zeros((len(block) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(block, np.uint8).reshape(-1, 3)
            return wide.view("<i4")[:, 0].astype(np.float32) / np.float32(1 << 31)
        return np.frombuffer(block, f"<i{size}").astype(np.float32) / np.float32(1 << size * 8 - 1)
