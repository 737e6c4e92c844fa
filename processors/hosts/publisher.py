"""Writing records to streams, however long a stream refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from processors.hosts.gate import Gate
from processors.hosts.insist import insist
from shared.codec import encode
from shared.models import Record
from shared.streams import Entry, Stream, StreamName


class Publisher:
    """An Outlet on the given streams; while one refuses, the gate is closed."""

    def __init__(self, streams: Mapping[StreamName, Stream], gate: Gate) -> None:
        self._streams = streams
        self._gate = gate

    async def publish(self, stream: StreamName, record: Record) -> None:
        """Writes the record durably, waiting out an unavailable stream."""
        await self.publish_all([(stream, Entry(record.key, encode(record)))])

    async def offer(self, stream: StreamName, record: Record) -> None:
        """Tries once to write the record; raises StreamUnavailable."""
        await self._streams[stream].publish([Entry(record.key, encode(record))])

    async def publish_all(self, outputs: Iterable[tuple[StreamName, Entry]]) -> None:
        """Writes the entries durably in order; runs of one stream go in one call."""
        for name, run in groupby(outputs, key=lambda output: output[0]):
            entries = [entry for _, entry in run]
            stream = self._streams[name]
            await insist(lambda stream=stream, entries=entries: stream.publish(entries), self._gate)  # type: ignore[misc]
