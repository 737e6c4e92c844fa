"""Where the time went: latencies of a broadcast as percentiles."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: The stages in the order in which a record passes them; `ingest` is the audio's arrival on its stream.
PATH = ("ingest", "transcribe", "stability", "dedup", "translate", "synthesize")


def took(hops: Mapping[str, int], stage: str) -> int | None:
    """Ms from when the stage before published to when `stage` did; None where the hops do not tell."""
    before = [hops[name] for name in PATH[: PATH.index(stage)] if name in hops]
    return hops[stage] - before[-1] if stage in hops and before else None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The median and the 95th percentile of some observations, in ms."""

    count: int
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Percentiles:
        """Percentiles by linear interpolation between the closest ranks."""
        ordered = sorted(values)
        if len(ordered) < 2:
            only = ordered[0] if ordered else 0.0
            return cls(len(ordered), only, only)
        cuts = statistics.quantiles(ordered, n=100, method="inclusive")
        return cls(len(ordered), cuts[49], cuts[94])


class Latencies:
    """Collects latencies in ms by name."""

    def __init__(self) -> None:
        self._values: defaultdict[str, list[float]] = defaultdict(list)

    def add(self, name: str, milliseconds: float) -> None:
        """Adds one observation."""
        self._values[name].append(milliseconds)

    def percentiles(self) -> dict[str, Percentiles]:
        """The percentiles of each name, in the order in which the names first came."""
        return {name: Percentiles.of(values) for name, values in self._values.items()}
