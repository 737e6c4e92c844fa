"""Streams that warn the user when nobody answers: who waits for one does so in silence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cli.errors import unanswered
from shared.errors import StoreUnavailable, StreamUnavailable
from shared.streams import Entry, Stream, StreamName
from shared.streams.base import Shard, ShardReader, Start

log = logging.getLogger(__name__)


class Outages:
    """Warns once when nobody answers any more, and once when somebody does again."""

    def __init__(self) -> None:
        self._out = False

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Reports on the call in this block; what it raises comes out of it."""
        try:
            yield
        except (StreamUnavailable, StoreUnavailable) as error:
            # What is refused for its rate alone is no outage.
            line = unanswered(error)
            if line and not self._out:
                self._out = True
                log.warning("%s; trying again", line)
            raise
        if self._out:
            self._out = False
            log.warning("there is an answer again")

    def watched(self, streams: Mapping[StreamName, Stream]) -> Mapping[StreamName, Stream]:
        """The streams; what is written to them, and where reading begins, is reported on."""
        return {name: _Watched(stream, self) for name, stream in streams.items()}


class _Watched(Stream):
    """A Stream."""

    def __init__(self, stream: Stream, outages: Outages) -> None:
        self.name = stream.name
        self._stream = stream
        self._outages = outages

    async def publish(self, entries: Sequence[Entry]) -> None:
        with self._outages.reported():
            await self._stream.publish(entries)

    async def shards(self) -> Sequence[Shard]:
        with self._outages.reported():
            return await self._stream.shards()

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        """A reader reports on its reads itself."""
        with self._outages.reported():
            return await self._stream.reader(shard, start, retain=retain)
