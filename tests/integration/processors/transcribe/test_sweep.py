"""Sessions that nobody ends, kept in DynamoDB."""

from __future__ import annotations

import asyncio

import pytest

from processors.transcribe import sweep as module
from processors.transcribe.sweep import Sweep
from shared.aws import Aws
from shared.models import Record, SessionEnded
from shared.sessions import Session
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import StreamName
from tests.support.dynamodb import SetClock

NOW = 1_800_000_000_000


class Outlet:
    def __init__(self) -> None:
        self.published: asyncio.Queue[SessionEnded] = asyncio.Queue()

    async def publish(self, stream: StreamName, record: Record) -> None:
        assert stream is StreamName.AUDIO
        assert isinstance(record, SessionEnded)
        await self.published.put(record)


async def test_idle_and_over_long_sessions_are_ended_and_others_are_not(
    aws: Aws, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SetClock(NOW)
    store = DynamoDbSessionStore(aws, prefix, clock=clock)
    for name, settings in {"idle": {}, "long": {"MAX_SESSION_LENGTH": "600"}, "live": {}, "over": {}}.items():
        await store.create(
            Session(id=name, source_language="en", target_languages=(), started_at=NOW, settings=settings)
        )
    await store.end("over", 0, 0)
    clock.pass_by(700)
    await store.touch("long", clock.now())
    await store.touch("live", clock.now())
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.01)
    outlet = Outlet()
    sweeping = asyncio.create_task(Sweep(store, Settings(), clock).run(outlet))
    async with asyncio.timeout(10):
        found = {(ended.session, ended.reason) for ended in [await outlet.published.get() for _ in range(6)]}
        assert found == {("idle", "idle"), ("long", "too long")}
        for name in ("idle", "long"):
            await store.end(name, 0, 0)
        assert await store.open_sessions() == [await store.load("live")]
    sweeping.cancel()
