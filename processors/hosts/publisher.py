"""Writing records to streams, once or however long a stream refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processors.contract import Outlet
from processors.hosts.backpressure import Backpressure, retry_until_available
from shared.codec import encode
from shared.errors import SetupError, StreamUnavailable
from shared.models import Record
from shared.streams import Entry, Stream, StreamName


class Publisher(Outlet):
    """An Outlet on the given streams."""

    def __init__(self, streams: Mapping[StreamName, Stream], backpressure: Backpressure) -> None:
        self._streams = streams
        self._backpressure = backpressure

    async def publish(self, stream: StreamName, record: Record) -> None:
        entries = [Entry(record.key, encode(record))]
        await retry_until_available(lambda: self.write(stream, entries), self._backpressure)

    async def offer(self, stream: StreamName, record: Record) -> None:
        await self.write(stream, [Entry(record.key, encode(record))])

    async def write(self, stream: StreamName, entries: Sequence[Entry]) -> None:
        """Tries once to write entries of one key, in order; raises StreamUnavailable.

        What only whoever runs it can mend ends the host.
        """
        availability = self._backpressure.availability(stream)
        try:
            await self._streams[stream].publish(entries)
        except StreamUnavailable:
            availability.refused(entries[0].key)
            raise
        except SetupError as error:
            await self._backpressure.fail(error)
        availability.answered(entries[0].key)
