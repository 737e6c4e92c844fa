"""Many channels into one, such that nothing that is heard in them is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: More channels than these are never compared with one another: no two of them are all that there is.
_COMPARED = 32
#: How long (s) what was heard counts when channels are compared.
_MEMORY = 1.0
#: Channels cancel where their sum has less than the first share of the power of unrelated ones, and no longer do where
#: it has more than the second.
_CANCELLED, _RESTORED = 0.1, 0.3
#: Correlation with the loudest channel under which one is its opposite.
_OPPOSITE = -0.5
#: Root mean square, of full scale, under which there is nothing to lose: -60 dB.
_SILENT = 0.001
#: How much of each channel of a surround sound goes into the mix, by FFmpeg's names: voices are in the centre.
_GAINS = {"FC": 1.0, "FL": math.sqrt(0.5), "FR": math.sqrt(0.5), "LFE": 0.0, "LFE2": 0.0}


def downmix_gains(names: Sequence[str]) -> tuple[float, ...] | None:
    """The gain of each channel in the mix, where one of more than two is the centre; else None, all alike."""
    if len(names) < 3 or "FC" not in names:
        return None
    gains = [_GAINS.get(name, 0.5) for name in names]
    return tuple(gain / sum(gains) for gain in gains)


class Mixer:
    """The mean of `channels` at `rate` Hz, or their sum by `gains`.

    Channels of opposite phase, such as those of a microphone with one lead reversed, would cancel: while they
    do, those that are the loudest one's opposite are inverted first.
    """

    def __init__(self, channels: int, rate: int, gains: Sequence[float] | None = None) -> None:
        self._compared = 1 < channels <= _COMPARED
        self._rate = rate
        self._gains = gains
        self._products: NDArray[np.float64] | None = None
        self._heard = 0.0
        self._signs: NDArray[np.float32] | None = None

    def mix(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """One sample of each row of `samples` (time, channel), -1 to 1."""
        import numpy as np  # noqa: PLC0415 - only audio that needs converting needs it

        if self._compared and len(samples):
            self._compare(samples)
        if self._signs is not None:
            samples = samples * self._signs
        if self._gains is not None:
            return samples @ np.array(self._gains, np.float32)
        mixed: NDArray[np.float32] = samples.mean(axis=1, dtype=np.float32)
        return mixed

    def _compare(self, samples: NDArray[np.float32]) -> None:
        """Takes the samples into account, and decides which channels are inverted."""
        import numpy as np  # noqa: PLC0415 - see above

        # A constant offset is nothing that is heard.
        swings = (samples - samples.mean(axis=0)).astype(np.float64)
        if self._gains is not None:
            swings *= self._gains
        kept = math.exp(-len(samples) / self._rate / _MEMORY)
        products = swings.T @ swings
        self._products = products if self._products is None else self._products * kept + products
        self._heard = self._heard * kept + len(samples)
        powers = self._products.diagonal()
        loudest = int(powers.argmax())
        together, apart = self._products.sum(), powers.sum()
        if self._signs is not None and together > _RESTORED * apart:
            self._signs = None
        if math.sqrt(powers[loudest] / self._heard) < _SILENT or together >= _CANCELLED * apart:
            return
        alike = self._products[loudest] / np.sqrt(np.maximum(powers * powers[loudest], np.finfo(np.float64).tiny))
        signs = np.where(alike < _OPPOSITE, -1, 1).astype(np.float32)
        self._signs = signs if signs @ self._products @ signs > together else None
