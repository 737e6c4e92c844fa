"""One session's records from some streams; what cannot be read is skipped and counted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from shared.codec import UnknownRecord, decode
from shared.errors import CodecError
from shared.metrics import Metric, Metrics
from shared.models import Record
from shared.streams import Stream, StreamName
from shared.streams.base import Start
from shared.streams.follow import Followed, Follower


class Received(NamedTuple):
    """A record and its stream."""

    stream: StreamName
    record: Record


class SessionRecords(Follower):
    """Follows streams for the records of one session."""

    def __init__(self, streams: Mapping[StreamName, Stream], start: Start, session: str, metrics: Metrics) -> None:
        super().__init__(streams, start)
        self._session = session
        self._metrics = metrics

    async def receive(self) -> Received:
        """The session's next record, waiting for it."""
        while (received := self._of_session(await self.next())) is None:
            pass
        return received

    async def past(self) -> AsyncIterator[Received]:
        """The session's records that stand there already."""
        async for followed in self.backlog():
            if (received := self._of_session(followed)) is not None:
                yield received

    def _of_session(self, followed: Followed) -> Received | None:
        stream, item, _ = followed
        try:
            record = decode(item.data)
        except CodecError:
            self._metrics.count(Metric.UNREADABLE_RECORDS, stream=stream)
            return None
        if isinstance(record, UnknownRecord):
            self._metrics.count(Metric.UNKNOWN_RECORDS, stage="sink")
            return None
        return Received(stream, record) if record.session == self._session else None
