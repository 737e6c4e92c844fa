from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from processors.hosts.outbox import Emission, Outbox
from shared.streams import Entry, StreamName


class Dropping:
    """Takes everything at once."""

    async def publish_all(self, outputs: Iterable[tuple[StreamName, Entry]]) -> None:
        list(outputs)


async def test_nothing_of_what_is_out_is_kept_until_more_comes() -> None:
    outbox = Outbox(Dropping(), lambda error: None)  # type: ignore[arg-type]
    running = asyncio.create_task(outbox.run())
    clip = bytes(1000)
    before = sys.getrefcount(clip)
    outbox.emit(Emission(StreamName.SPEECH, Entry("talk/es", clip)))
    await outbox.drained()
    assert sys.getrefcount(clip) == before
    running.cancel()
