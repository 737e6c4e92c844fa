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
from shared.streams.news import Answered, CaughtUp, Followed, Refused


class Received(NamedTuple):
    """A record and its stream; `past` says that it stood there when the subscriber joined."""

    stream: StreamName
    record: Record
    past: bool


class SessionRecords(Follower):
    """Follows streams for the records of one session."""

    def __init__(self, streams: Mapping[StreamName, Stream], start: Start, session: str, metrics: Metrics) -> None:
        super().__init__(streams, start)
        self.session = session
        self._metrics = metrics

    async def receive(self) -> Received | CaughtUp | Refused | Answered:
        """The session's next record, or what else there is to know; see Follower.news."""
        while True:
            news = await self.news()
            if not isinstance(news, Followed):
                return news
            if (received := self._of_session(news)) is not None:
                return received

    def _of_session(self, followed: Followed) -> Received | None:
        stream, item, past = followed
        try:
            record = decode(item.data)
        except CodecError:
            self._metrics.count(Metric.UNREADABLE_RECORDS, stream=stream)
            return None
        if isinstance(record, UnknownRecord):
            self._metrics.count(Metric.UNKNOWN_RECORDS, stage="sink")
            return None
        return Received(stream, record, past) if record.session == self.session else None
