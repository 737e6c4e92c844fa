"""Publishing to Kinesis while it refuses single records of a call."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count, pairwise

import pytest

from shared.errors import StreamUnavailable
from shared.streams import Entry
from tests.support.scripted_kinesis import THROTTLED, ScriptedKinesis, Wire
from tests.support.scripted_stream import Put, ScriptedStream, now
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic


def numbered(key: str, count: int) -> list[Entry]:
    return [Entry(key, f"{key} {number}".encode()) for number in range(count)]


def texts(key: str, count: int) -> list[str]:
    return [entry.data.decode() for entry in numbered(key, count)]


def keys_on(stream: ScriptedStream, shard: str, count: int) -> list[str]:
    return [key for n in range(1000) if stream.shard_of(key := f"key {n}").id == shard][:count]


def throttled(put: Put) -> tuple[str, str]:
    return THROTTLED, f"Rate exceeded for shard {put.shard} in stream words under account 000000000000."


def test_every_third_record_refused_is_sent_again_alone_and_each_key_keeps_its_order() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=3)
        wire = Wire(kinesis)
        puts, refused = count(1), Counter[str]()

        def refuse(put: Put) -> tuple[str, str] | None:
            if next(puts) % 3:
                return None
            refused[put.data.decode()] += 1
            return throttled(put) if put.key in "ab" else ("InternalFailure", "Internal service failure.")

        kinesis.stream.refuse = refuse
        keys = "abcdef"
        rows = zip(*(numbered(key, 20) for key in keys), strict=True)
        await wire.stream().publish([entry for row in rows for entry in row])
        for key in keys:
            assert kinesis.stream.written(key) == texts(key, 20)
        sent = Counter(text for call in wire.of("put_records") for text in call.data)
        assert refused.total() > 20
        assert sent == refused + Counter(text for key in keys for text in texts(key, 20))

    run(main())


def test_the_waits_for_a_refused_record_double_and_half_of_each_is_random() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        refusals = Counter[str]()

        def refuse(put: Put) -> tuple[str, str] | None:
            refusals[put.key] += 1
            return ("InternalFailure", "") if refusals[put.key] <= 6 else None

        kinesis.stream.refuse = refuse
        waits: list[list[float]] = []
        for number in range(10):
            since = now()
            await wire.stream().publish([Entry(f"key {number}", b"x")])
            calls = wire.of("put_records", since)
            assert len(calls) == 7
            waits.append([after.begun - (before.ended or 0) for before, after in pairwise(calls)])
        for failures, tries in enumerate(zip(*waits, strict=True)):
            ceiling = 0.1 * 2**failures
            assert all(ceiling * 0.5 <= wait + 1e-6 and wait - 1e-6 <= ceiling for wait in tries)
            assert max(tries) - min(tries) > ceiling * 0.1

    run(main())


def test_a_shard_over_its_throughput_slows_its_own_keys_alone() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        wire = Wire(kinesis)
        stream = wire.stream()
        slow, fast = (keys_on(kinesis.stream, shard.id, 10) for shard in kinesis.stream.open)
        # Everybody's shard is known.
        await stream.publish([Entry(key, b"before") for key in slow + fast])
        begun = now()
        kinesis.stream.refuse = lambda put: throttled(put) if put.key in slow and now() < begun + 2 else None
        held_up = asyncio.create_task(stream.publish([entry for key in slow for entry in numbered(key, 2)]))
        await stream.publish([entry for key in fast for entry in numbered(key, 50)])
        assert now() - begun == pytest.approx(50 * wire.delay)
        await held_up
        tries = [
            call for call in wire.of("put_records", begun) if set(call.keys) & set(slow) and call.begun < begun + 2
        ]
        assert 2 <= len(tries) <= 8
        for key in slow:
            assert kinesis.stream.written(key) == ["before", *texts(key, 2)]

    run(main())


def test_a_key_is_held_up_by_the_refusal_of_another_key_of_its_shard() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        wire = Wire(kinesis)
        stream = wire.stream()
        first, second = keys_on(kinesis.stream, kinesis.stream.open[0].id, 2)
        await stream.publish([Entry(second, b"before")])
        begun = now()
        refusals, paused = count(1), asyncio.Event()

        def refuse(put: Put) -> tuple[str, str] | None:
            if put.key != first or paused.is_set():
                return None
            if next(refusals) == 5:
                paused.set()
            # The first key's shard is known by this message alone.
            return throttled(put)

        kinesis.stream.refuse = refuse
        held_up = asyncio.create_task(stream.publish(numbered(first, 1)))
        await paused.wait()
        await asyncio.sleep(wire.delay)
        await stream.publish(numbered(second, 1))
        tries = wire.of("put_records", begun)
        assert [call.keys for call in tries if second in call.keys] == [[first, second]]
        await held_up

    run(main())


def test_a_refusal_for_other_reasons_slows_its_key_alone() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        await stream.publish([Entry("bad", b"before"), Entry("good", b"before")])
        begun = now()
        kinesis.stream.refuse = lambda put: ("InternalFailure", "") if put.key == "bad" and now() < begun + 2 else None
        held_up = asyncio.create_task(stream.publish(numbered("bad", 3)))
        await stream.publish(numbered("good", 50))
        assert now() - begun == pytest.approx(50 * wire.delay)
        await held_up
        assert kinesis.stream.written("bad") == ["before", *texts("bad", 3)]
        assert kinesis.stream.written("good") == ["before", *texts("good", 50)]

    run(main())


def test_a_record_refused_for_10_s_is_given_up_with_all_that_waits_behind_it() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        kinesis.stream.refuse = lambda put: ("InternalFailure", "try later") if put.key == "bad" else None
        first = asyncio.create_task(stream.publish(numbered("bad", 3)))
        await asyncio.sleep(5)
        behind = asyncio.create_task(stream.publish([Entry("bad", b"behind")]))
        outcomes = await asyncio.gather(first, behind, return_exceptions=True)
        assert 10 <= now() <= 20
        for outcome in outcomes:
            assert isinstance(outcome, StreamUnavailable)
            assert "InternalFailure try later" in str(outcome)
        kinesis.stream.refuse = lambda put: None
        await asyncio.sleep(60)
        assert kinesis.stream.written("bad") == []
        await stream.publish(numbered("bad", 3))
        assert kinesis.stream.written("bad") == texts("bad", 3)

    run(main())


def test_a_record_that_is_refused_for_less_than_10_s_is_not_given_up() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        kinesis.stream.refuse = lambda put: throttled(put) if now() < 9 else None
        await Wire(kinesis).stream().publish(numbered("a", 3))
        assert kinesis.stream.written("a") == texts("a", 3)

    run(main())


def test_a_publish_that_is_cancelled_during_a_wait_is_not_tried_again() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        kinesis.stream.refuse = lambda put: ("InternalFailure", "") if now() < 1 else None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.9):
                await stream.publish(numbered("a", 3))
        await asyncio.sleep(60)
        assert kinesis.stream.written("a") == []
        await stream.publish([Entry("a", b"later")])
        assert kinesis.stream.written("a") == ["later"]

    run(main())
