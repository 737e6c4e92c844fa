"""One session's records from some streams; what cannot be read is skipped and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.codec import UnknownRecord, decode
from shared.errors import CodecError
from shared.metrics import Metric, Metrics
from shared.models import Record
from shared.streams import Stream, StreamName
from shared.streams.base import Start
from shared.streams.follow import Follower


class Received(NamedTuple):
    """A record, its stream, and the epoch ms at which the stream took it."""

    stream: StreamName
    record: Record
    arrived_at: int


class SessionRecords(Follower):
    """Follows streams for the records of one session."""

    def __init__(self, streams: Mapping[StreamName, Stream], start: Start, session: str, metrics: Metrics) -> None:
        super().__init__(streams, start)
        self._session = session
        self._metrics = metrics

    async def receive(self) -> Received:
        """The session's next record, waiting for it."""
        while True:
            stream, item = await self.next()
            try:
                record = decode(item.data)
            except CodecError:
                self._metrics.count(Metric.UNREADABLE_RECORDS, stream=stream)
                continue
            if isinstance(record, UnknownRecord):
                self._metrics.count(Metric.UNKNOWN_RECORDS, stage="sink")
            elif record.session == self._session:
                return Received(stream, record, item.arrived_at)
