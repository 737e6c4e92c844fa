"""Sessions that nobody ends: which of them the sweep proposes to end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from processors.transcribe.idle_sessions import IdleSessions
from shared.errors import StoreUnavailable, StreamUnavailable
from shared.models import Record, SessionEnded
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from shared.streams import StreamName
from tests.support.virtual_time import EPOCH, VirtualClock, run

pytestmark = pytest.mark.hermetic


class Outlet:
    """Takes what is offered, unless it is out."""

    def __init__(self) -> None:
        self.offered: list[tuple[float, SessionEnded]] = []
        self.refused = 0
        self.out = False

    async def publish(self, stream: StreamName, record: Record) -> None:
        raise AssertionError("a proposal must not be tried again")

    async def offer(self, stream: StreamName, record: Record) -> None:
        assert stream is StreamName.AUDIO
        assert isinstance(record, SessionEnded)
        assert record.proposal
        if self.out:
            self.refused += 1
            raise StreamUnavailable("audio is out")
        self.offered.append((asyncio.get_running_loop().time(), record))

    def first(self) -> dict[str, tuple[float, str]]:
        """When each session's end was proposed first, and why."""
        return {record.session: (at, record.reason) for at, record in reversed(self.offered)}


class Skewed(VirtualClock):
    """A worker's clock that is `ahead` ms."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead

    def now(self) -> int:
        return super().now() + self._ahead


class Flaky(MemorySessionStore):
    """Refuses to list sessions while it is out."""

    out = False

    async def open_sessions(self) -> Sequence[Session]:
        if self.out:
            raise StoreUnavailable("the store is out")
        return await super().open_sessions()


async def create(store: MemorySessionStore, name: str, *, spoken: bool = True, **settings: str) -> None:
    await store.create(Session(id=name, source_language="en", target_languages=(), started_at=EPOCH, settings=settings))
    if spoken:
        await store.touch(name, VirtualClock().now())


def test_a_session_without_frames_for_idle_timeout_is_proposed_and_one_that_speaks_is_not() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        await create(store, "idle")
        await create(store, "broken", X="1")
        await create(store, "live")
        await create(store, "long", MAX_SESSION_LENGTH="60")
        await create(store, "over")
        await store.end("over", 0, 0)
        outlet = Outlet()
        sweep = asyncio.create_task(IdleSessions(store, Settings(), VirtualClock()).run(outlet))
        for _ in range(30):
            await asyncio.sleep(30)
            for name in ("live", "long"):
                await store.touch(name, VirtualClock().now())
        sweep.cancel()
        assert outlet.first() == {"idle": (300, "idle"), "broken": (300, "idle")}

    run(main())


def test_a_session_that_nobody_has_spoken_on_is_noticed_at_once_and_proposed_after_start_timeout() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        await create(store, "early", spoken=False)
        outlet = Outlet()
        sweep = asyncio.create_task(IdleSessions(store, Settings(), VirtualClock()).run(outlet))
        await asyncio.sleep(31)
        assert outlet.first() == {"early": (30, "not started")}
        await store.notice("early", VirtualClock().now())
        outlet.offered.clear()
        await asyncio.sleep(3700)
        sweep.cancel()
        (at, reason) = outlet.first()["early"]
        assert 3631 <= at <= 3661
        assert reason == "not started"

    run(main())


def test_whoever_sweeps_a_session_has_one_proposal_a_minute() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        await create(store, "idle")
        outlet = Outlet()
        sweeps = [asyncio.create_task(IdleSessions(store, Settings(), VirtualClock()).run(outlet)) for _ in range(5)]
        await asyncio.sleep(601)
        for sweep in sweeps:
            sweep.cancel()
        assert [at for at, _ in outlet.offered] == [300, 360, 420, 480, 540, 600]

    run(main())


def test_a_proposal_that_is_refused_is_forgotten_and_the_sweep_goes_on_through_outages(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        store = Flaky()
        await create(store, "idle")
        outlet = Outlet()
        outlet.out = True
        sweep = asyncio.create_task(IdleSessions(store, Settings(), VirtualClock()).run(outlet))
        await asyncio.sleep(310)
        assert outlet.refused == 1
        store.out = True
        await asyncio.sleep(100)
        store.out = outlet.out = False
        await asyncio.sleep(100)
        sweep.cancel()
        assert outlet.refused == 1
        assert outlet.first() == {"idle": (420, "idle")}

    run(main())
    assert any("cannot propose to end idle" in message for message in caplog.messages)


def test_a_worker_whose_clock_is_hours_ahead_only_proposes() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        await create(store, "live")
        outlet = Outlet()
        sweep = asyncio.create_task(IdleSessions(store, Settings(), Skewed(7_200_000)).run(outlet))
        await asyncio.sleep(100)
        sweep.cancel()
        assert all(record.proposal for _, record in outlet.offered)
        assert (await store.load("live")).state.value == "open"

    run(main())
