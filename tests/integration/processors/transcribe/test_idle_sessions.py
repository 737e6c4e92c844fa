"""Sessions that nobody ends, kept in DynamoDB."""

from __future__ import annotations

import asyncio

import pytest

from processors.transcribe import idle_sessions as module
from processors.transcribe.idle_sessions import IdleSessions
from shared.aws import Aws
from shared.models import Record, SessionEnded
from shared.sessions import Session
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import StreamName
from tests.support.clocks import ManualClock
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

NOW = 1_800_000_000_000


class Outlet:
    def __init__(self) -> None:
        self.published: asyncio.Queue[SessionEnded] = asyncio.Queue()

    async def publish(self, stream: StreamName, record: Record) -> None:
        raise AssertionError("a proposal must not be tried again")

    async def offer(self, stream: StreamName, record: Record) -> None:
        assert stream is StreamName.AUDIO
        assert isinstance(record, SessionEnded)
        await self.published.put(record)


async def test_forgotten_sessions_are_proposed_once_whoever_sweeps_and_others_are_not(
    aws: Aws, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(NOW)
    store = DynamoDbSessionStore(aws, prefix, clock=clock)
    for name in ("idle", "early", "live", "over"):
        await store.create(Session(id=name, source_language="en", target_languages=(), started_at=NOW))
    await store.end("over", 0, 0)
    await store.touch("idle", clock.now())
    clock.pass_by(700)
    await store.touch("live", clock.now())
    monkeypatch.setattr(module, "POLL_INTERVAL", 0.01)
    outlet = Outlet()
    sweeps = [asyncio.create_task(IdleSessions(store, Settings(), clock).run(outlet)) for _ in range(2)]
    async with asyncio.timeout(TIMEOUT):
        found = [await outlet.published.get() for _ in range(2)]
        assert {(one.session, one.reason) for one in found} == {("idle", "idle"), ("early", "not started")}
        assert all(one.proposal for one in found)
        clock.pass_by(61)
        again = [await outlet.published.get() for _ in range(2)]
        assert {one.session for one in again} == {"idle", "early"}
    for sweep in sweeps:
        sweep.cancel()
