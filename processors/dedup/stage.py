"""The dedup stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Stage
from processors.dedup.cache import CacheSize
from processors.dedup.operator import Deduplicator
from shared.streams import StreamName


class DedupStage(Stage):
    """Segments in, each of them once out."""

    name = "dedup"
    reads = StreamName.SEGMENTS

    def __init__(self) -> None:
        self._size = CacheSize()

    def operator(self, context: Context) -> Operator:
        return Deduplicator(context, self._size)
