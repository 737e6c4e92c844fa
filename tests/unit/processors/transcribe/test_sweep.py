"""Sessions that nobody ends."""

from __future__ import annotations

import asyncio

from processors.transcribe.sweep import Sweep
from shared.models import Record, SessionEnded
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from shared.streams import StreamName
from tests.support.virtual_time import EPOCH, VirtualClock, run


class Outlet:
    def __init__(self) -> None:
        self.published: list[tuple[float, Record]] = []

    async def publish(self, stream: StreamName, record: Record) -> None:
        assert stream is StreamName.AUDIO
        self.published.append((asyncio.get_running_loop().time(), record))


def test_idle_and_over_long_sessions_are_ended_and_others_are_not() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        for name, settings in {
            "idle": {},
            "long": {"MAX_SESSION_LENGTH": "600"},
            "live": {},
            "broken": {"X": "1"},
        }.items():
            await store.create(
                Session(id=name, source_language="en", target_languages=(), started_at=EPOCH, settings=settings)
            )
        await store.create(Session(id="over", source_language="en", target_languages=(), started_at=EPOCH))
        await store.end("over", 0, 0)
        outlet = Outlet()
        sweep = asyncio.create_task(Sweep(store, Settings(), VirtualClock()).run(outlet))
        ends: dict[str, tuple[float, str]] = {}
        for _ in range(30):
            await asyncio.sleep(30)
            for name in ("live", "long"):
                await store.touch(name, VirtualClock().now())
        for at, record in outlet.published:
            assert isinstance(record, SessionEnded)
            ends.setdefault(record.session, (at, record.reason))
        sweep.cancel()
        assert ends == {"idle": (330, "idle"), "broken": (330, "idle"), "long": (600, "too long")}

    run(main())
