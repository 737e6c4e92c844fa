"""How often the shards of Kinesis are read."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from shared.streams import LATEST, OLDEST, Entry, Start
from shared.streams.kinesis.read_pacer import ReadPacer
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.scripted_stream import ScriptedStream, now
from tests.support.virtual_time import EPOCH, run
from tests.unit.shared.streams.numbered_records import SHARD, read

pytestmark = pytest.mark.hermetic


def gaps(wire: Wire, since: float, until: float) -> list[float]:
    """Seconds between the begins of successive reads."""
    times = [call.begun for call in wire.of("get_records", since) if call.begun < until]
    return [after - before for before, after in pairwise(times)]


class Listening:
    """Two streams that share a pace, each with a reader; `waits` are those between reads of the first."""

    def __init__(self, interval: float = 0.4) -> None:
        self.kinesis = ScriptedKinesis()
        self.kinesis.streams["other"] = ScriptedStream("other", 1)
        self.kinesis.streams["other"].ready_at = 0.0
        self.pace = ReadPacer(interval)
        self.wire, self.other_wire = Wire(self.kinesis), Wire(self.kinesis)
        self.stream = self.wire.stream(pace=self.pace)
        self.other = self.other_wire.stream("other", self.pace)
        self.tasks: list[asyncio.Task[None]] = []
        self.heard: list[str] = []

    async def __aenter__(self) -> Listening:
        for stream in (self.stream, self.other):
            self.tasks.append(asyncio.create_task(read(await stream.reader(SHARD, LATEST), self.heard)))
        await asyncio.sleep(30.5)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def test_idle_shards_are_read_once_a_second() -> None:
    async def main() -> None:
        async with Listening() as listening:
            assert gaps(listening.wire, 2, 30) == pytest.approx([1.0] * len(gaps(listening.wire, 2, 30)))
            assert len(listening.other_wire.of("get_records", 20)) <= 11

    run(main())


def test_a_longer_interval_holds_for_idle_shards_too() -> None:
    async def main() -> None:
        async with Listening(3.0) as listening:
            assert gaps(listening.wire, 4, 30) == pytest.approx([3.0] * len(gaps(listening.wire, 4, 30)))
            assert len(gaps(listening.wire, 4, 30)) > 5

    run(main())


def test_a_record_published_on_any_stream_wakes_the_reading_of_all_for_a_while() -> None:
    async def main() -> None:
        async with Listening() as listening:
            last = listening.wire.of("get_records")[-1].begun
            await asyncio.sleep(last + 0.5 - now())
            await listening.other.publish([Entry("k", b"x")])
            published = now()
            await asyncio.sleep(30)
            assert listening.wire.of("get_records", last + 0.01)[0].begun == pytest.approx(published, abs=1e-6)
            busy = gaps(listening.wire, published, published + 10)
            assert busy == pytest.approx([0.4] * len(busy))
            assert len(busy) >= 23
            idle = gaps(listening.wire, published + 12, now())
            assert idle == pytest.approx([1.0] * len(idle))
            assert len(idle) >= 16

    run(main())


def test_a_record_read_on_any_stream_wakes_the_reading_of_all() -> None:
    async def main() -> None:
        async with Listening() as listening:
            listening.kinesis.streams["other"].put("k", b"from elsewhere")
            await asyncio.sleep(1.5)
            assert listening.heard == ["from elsewhere"]
            since = now()
            await asyncio.sleep(5)
            assert gaps(listening.wire, since, now()) == pytest.approx([0.4] * len(gaps(listening.wire, since, now())))
            assert len(gaps(listening.wire, since, now())) >= 10

    run(main())


def test_a_record_that_wakes_a_shard_just_read_waits_for_the_interval() -> None:
    async def main() -> None:
        async with Listening() as listening:
            last = listening.wire.of("get_records")[-1].begun + 1
            await asyncio.sleep(last + 0.1 - now())
            await listening.stream.publish([Entry("k", b"x")])
            await asyncio.sleep(1)
            assert listening.wire.of("get_records", last + 0.01)[0].begun == pytest.approx(last + 0.4)
            assert listening.heard == ["x"]

    run(main())


@pytest.mark.parametrize("interval", [0.25, 0.4])
def test_a_busy_shard_is_read_every_interval_and_never_more_than_5_times_a_second(interval: float) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=5)
        wire = Wire(kinesis)
        for number in range(50):
            kinesis.stream.put("k", str(number).encode())
        stream = wire.stream(pace=ReadPacer(interval))
        heard: list[str] = []
        reading = asyncio.create_task(read(await stream.reader(SHARD, OLDEST), heard))
        for number in range(50, 200):
            await stream.publish([Entry("k", str(number).encode())])
            await asyncio.sleep(0.15)
        await asyncio.sleep(2)
        assert heard == [str(number) for number in range(200)]
        assert min(gaps(wire, 0, now())) >= 0.2 - 1e-6
        assert gaps(wire, 5, 25) == pytest.approx([interval] * len(gaps(wire, 5, 25)))
        reading.cancel()

    run(main())


def test_a_reader_that_has_caught_up_costs_no_reads_of_its_own() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        for number in range(50):
            kinesis.stream.put("k", str(number).encode())
        await asyncio.sleep(30)
        stream = wire.stream()
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, LATEST), []))]
        await asyncio.sleep(5)
        heard: list[str] = []
        tasks.append(asyncio.create_task(read(await stream.reader(SHARD, OLDEST), heard)))
        await asyncio.sleep(20)
        assert len(heard) == 50
        assert len(wire.of("get_records", now() - 5)) <= 6
        for task in tasks:
            task.cancel()

    run(main())


@pytest.mark.parametrize("interval", [0.4, 0.5])
@pytest.mark.parametrize("phase", [0.0, 0.1, 0.2])
def test_readers_that_catch_up_while_others_read_leave_the_shard_at_5_reads_a_second(
    interval: float, phase: float
) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(page=20)
        wire = Wire(kinesis)
        stream = wire.stream(pace=ReadPacer(interval))
        heard: list[list[str]] = [[], []]
        for number in range(400):
            kinesis.stream.put("k", str(number).encode())
        await asyncio.sleep(1)
        tasks = [asyncio.create_task(read(await stream.reader(SHARD, LATEST), []))]
        await asyncio.sleep(5 + phase)
        tasks += [asyncio.create_task(read(await stream.reader(SHARD, OLDEST), into)) for into in heard]
        for number in range(400, 700):
            kinesis.stream.put("k", str(number).encode())
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        assert heard == [[str(number) for number in range(700)]] * 2
        times = [call.begun for call in wire.of("get_records")]
        assert len(times) > 100
        assert max(sum(begun <= time < begun + 0.999 for time in times) for begun in times) <= 5
        for task in tasks:
            task.cancel()

    run(main())


async def readers_lags(size: int, start: Start, interval: float = 0.4) -> tuple[list[float], list[list[float]]]:
    """How late, in s, a first listener hears each record, and `size` more who join at once after 10 s."""
    kinesis = ScriptedKinesis(limited=True, page=20)
    for _ in range(400):
        kinesis.stream.put("k", b"long before")
    stream = Wire(kinesis).stream(pace=ReadPacer(interval))
    first: list[float] = []
    others: list[list[float]] = [[] for _ in range(size)]

    async def listen(start: Start, lags: list[float]) -> None:
        reader = await stream.reader(SHARD, start)
        while True:
            lags.extend(now() - (item.arrived_at - EPOCH) / 1000 for item in (await reader.read()).items)

    tasks = [asyncio.create_task(listen(LATEST, first))]
    for number in range(600):
        if number == 100:
            tasks += [asyncio.create_task(listen(start, lags)) for lags in others]
        kinesis.stream.put("k", str(number).encode())
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    return first, others


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 9_000)])
@pytest.mark.parametrize("interval", [0.25, 0.4, 0.5])
def test_readers_that_join_at_once_hold_up_nobody_who_listens_already(interval: float, start: Start) -> None:
    first, _ = run(readers_lags(50, start, interval))
    assert len(first) > 590
    assert max(first) < 1.5


@pytest.mark.parametrize("start", [OLDEST, LATEST, Start(at=EPOCH + 9_000)])
@pytest.mark.parametrize("interval", [0.25, 0.4, 0.5])
def test_one_who_joins_others_is_up_to_date_within_seconds_however_often_they_read(
    interval: float, start: Start
) -> None:
    _, (lags,) = run(readers_lags(1, start, interval))
    assert len(lags) > 490
    # Those of the last 40 s.
    assert max(lags[-400:]) < 2


@pytest.mark.parametrize("start", [LATEST, Start(at=EPOCH + 9_000)])
def test_readers_that_join_at_once_hear_within_seconds(start: Start) -> None:
    _, others = run(readers_lags(50, start))
    assert min(map(len, others)) > 490
    assert max(map(max, others)) < 5
