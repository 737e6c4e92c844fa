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
from shared.streams.follower_events import CaughtUp, Interrupted, Resumed, StreamItem


class Received(NamedTuple):
    """A record and its stream; `backlog` says that it stood there when the subscriber joined."""

    stream: StreamName
    record: Record
    backlog: bool


class SessionRecords(Follower):
    """Follows streams for the records of one session."""

    def __init__(self, streams: Mapping[StreamName, Stream], start: Start, session: str, metrics: Metrics) -> None:
        super().__init__(streams, start)
        self.session = session
        self._metrics = metrics

    async def receive(self) -> Received | CaughtUp | Interrupted | Resumed:
        """The session's next record, or what else there is to know; see Follower.next_event."""
        while True:
            event = await self.next_event()
            if not isinstance(event, StreamItem):
                return event
            if (received := self._of_session(event)) is not None:
                return received

    def _of_session(self, found: StreamItem) -> Received | None:
        stream, item, backlog = found
        try:
            record = decode(item.data)
        except CodecError:
            self._metrics.count(Metric.UNREADABLE_RECORDS, stream=stream)
            return None
        if isinstance(record, UnknownRecord):
            self._metrics.count(Metric.UNKNOWN_RECORDS, stage="sink")
            return None
        return Received(stream, record, backlog) if record.session == self.session else None
