"""A shard or some keys of an output are throttled: what lies behind them waits alone, everybody else is on time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from hashlib import md5

import pytest

from processors.dedup.stage import DedupStage
from processors.hosts.checkpoints import MemoryCheckpoints
from shared.codec import decode, encode
from shared.metrics import MemoryMetrics
from shared.models import Segment
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from shared.streams import Entry, Stream, StreamName
from tests.conformance.host_under_test import FACTORIES, HOSTS, HostEnvironment
from tests.conformance.simulated_cluster import memory_stream
from tests.support.scripted_kinesis import THROTTLED, ScriptedKinesis, Wire
from tests.support.scripted_stream import Put
from tests.support.virtual_time import EPOCH, VirtualClock, run

pytestmark = pytest.mark.hermetic

#: How much later (s) than undisturbed a neighbour may be.
LATE = 1.0
Refuse = Callable[[Put], tuple[str, str] | None]


def now() -> float:
    return asyncio.get_running_loop().time()


def hash_of(session: str) -> int:
    return int.from_bytes(md5(session.encode()).digest())


class Copies:
    """Dedup alone on a host of its own, between a memory stream and Kinesis."""

    def __init__(self, host: str, sessions: Sequence[str], shards: int = 1) -> None:
        self.kinesis = ScriptedKinesis(shards=shards)
        self.sessions = sessions
        self.crashes: list[BaseException] = []
        self.streams: dict[StreamName, Stream] = {name: memory_stream(name) for name in StreamName}
        self.streams[StreamName.UNIQUE_SEGMENTS] = Wire(self.kinesis).stream()
        self.store = MemorySessionStore()
        environment = HostEnvironment(
            self.streams,
            self.store,
            MemoryCheckpoints(),
            Settings(),
            MemoryMetrics(),
            VirtualClock(),
            self.crashes.append,
        )
        self.host = FACTORIES[host]([DedupStage()], environment)
        self.host.start()

    async def say(self, seconds: int, every: int = 1) -> None:
        """Each session says a segment every so many s, not all at the same time."""
        for session in self.sessions:
            await self.store.create(Session(id=session, source_language="en", target_languages=("es",), started_at=1))
        turns = [self.sessions[turn::every] for turn in range(every)]
        for second in range(seconds):
            number = second // every + 1
            entries = [
                Entry(session, encode(segment(session, number, second * 1000))) for session in turns[second % every]
            ]
            await self.streams[StreamName.SEGMENTS].publish(entries)
            await asyncio.sleep(1)

    def delays(self, session: str) -> list[float]:
        """How long (s) after it was said each segment was out, in order; none twice."""
        puts = [put for shard in self.kinesis.stream.shards.values() for put in shard.records]
        mine = [(put.at, decode(put.data)) for put in puts if put.key == session]
        records = [(at, record) for at, record in sorted(mine, key=lambda one: one[0]) if isinstance(record, Segment)]
        assert [record.number for _, record in records] == list(range(1, len(records) + 1))
        return [at - (record.captured_at - EPOCH) / 1000 for at, record in records]


def segment(session: str, number: int, start: int) -> Segment:
    return Segment(
        session=session,
        captured_at=VirtualClock().now(),
        number=number,
        language="en",
        text=f"text {number}",
        start=start,
        end=start + 900,
    )


async def delays_of(copies: Copies, seconds: int, refuse: Refuse, every: int = 1) -> dict[str, list[float]]:
    copies.kinesis.stream.refuse = refuse
    await copies.say(seconds, every)
    await asyncio.sleep(30)
    await copies.host.stop()
    assert not copies.crashes
    return {session: copies.delays(session) for session in copies.sessions}


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("seconds", [30, 120])
def test_a_throttled_shard_delays_its_own_keys_alone(host: str, seconds: int) -> None:
    async def main() -> None:
        names = [f"talk-{number}" for number in range(20)]
        copies = Copies(host, names, shards=2)
        hot = next(shard.id for shard in copies.kinesis.stream.shards.values() if shard.first == 0)

        def refuse(put: Put) -> tuple[str, str] | None:
            throttled = put.shard == hot and 10 <= now() < 10 + seconds
            return (THROTTLED, f"Rate exceeded for shard {put.shard}") if throttled else None

        delays = await delays_of(copies, seconds + 30, refuse)
        for name in names:
            assert len(delays[name]) == seconds + 30
            if hash_of(name) >= 1 << 127:
                assert max(delays[name]) < LATE
        assert max(max(delays[name]) for name in names) > seconds - 5

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize(("host", "sessions"), [("local", 1000), pytest.param("kcl", 100, marks=pytest.mark.kcl)])
def test_sessions_beside_ten_that_are_throttled_for_two_minutes_are_on_time(host: str, sessions: int) -> None:
    async def main() -> None:
        names = [f"talk-{number}" for number in range(sessions)]
        hot = set(names[:10])

        undisturbed = await delays_of(Copies(host, names), 25, lambda put: None, every=25)
        begun = now()

        def later(put: Put) -> tuple[str, str] | None:
            return ("InternalFailure", "as scripted") if put.key in hot and 10 <= now() - begun < 130 else None

        delays = await delays_of(Copies(host, names), 150, later, every=25)
        usual = max(max(each) for each in undisturbed.values())
        for name in names:
            assert len(delays[name]) == 6
            if name not in hot:
                assert max(delays[name]) < usual + LATE
        assert all(max(delays[name]) > 90 for name in hot)

    run(main())
