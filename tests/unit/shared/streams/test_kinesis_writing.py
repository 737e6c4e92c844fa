"""Publishing to Kinesis: what goes into one call, and who waits for whom."""

from __future__ import annotations

import asyncio

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from shared.errors import RecordTooLarge, SetupError, StreamUnavailable
from shared.streams import Entry
from tests.support.scripted_kinesis import ENDPOINT, Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

MIB = 1 << 20


def numbered(key: str, first: int, last: int) -> list[Entry]:
    return [Entry(key, f"{key} {number}".encode()) for number in range(first, last + 1)]


def texts(key: str, first: int, last: int) -> list[str]:
    return [entry.data.decode() for entry in numbered(key, first, last)]


def assert_one_of_a_key_at_a_time(calls: list[Call]) -> None:
    free: dict[str, float] = {}
    for call in calls:
        assert len(set(call.keys)) == len(call.keys)
        for key in call.keys:
            assert free.get(key, 0.0) <= call.begun, f"two records of {key} are under way at {call.begun:.3f} s"
            free[key] = float("inf") if call.ended is None else call.ended


def test_a_call_takes_500_records() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        await wire.stream().publish([Entry(f"key {number}", b"x") for number in range(1201)])
        assert [len(call.keys) for call in wire.of("put_records")] == [500, 500, 201]

    run(main())


def test_a_call_takes_5_mib_with_the_keys() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        keys = [f"{number}".rjust(200) for number in range(6)]
        large = [Entry(key, bytes(MIB - 200)) for key in keys[:5]]
        await wire.stream().publish([*large, Entry(keys[5], bytes(100))])
        assert [len(call.keys) for call in wire.of("put_records")] == [5, 1]

    run(main())


def test_the_bytes_of_a_key_count_to_the_1_mib_of_a_record() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream, key = Wire(kinesis).stream(), "é" * 100
        await stream.publish([Entry(key, bytes(MIB - 200))])
        with pytest.raises(RecordTooLarge, match=f"expected a record of at most {MIB:,} bytes .* got {MIB + 1:,}"):
            await stream.publish([Entry(key, bytes(MIB - 199))])
        assert len(kinesis.stream.written(key)) == 1

    run(main())


def test_nothing_is_written_where_one_record_is_too_large() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        with pytest.raises(RecordTooLarge):
            await wire.stream().publish([*numbered("a", 1, 3), Entry("b", bytes(MIB))])
        await asyncio.sleep(60)
        assert wire.calls == []

    run(main())


def test_publishing_nothing_costs_no_call() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        await wire.stream().publish([])
        assert wire.calls == []

    run(main())


def test_records_of_one_key_go_one_after_the_other_also_from_publishes_at_once() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis(shards=2)
        wire = Wire(kinesis)
        stream = wire.stream()
        async with asyncio.TaskGroup() as group:
            for first in (1, 6, 11):
                group.create_task(stream.publish(numbered("a", first, first + 4) + numbered("b", first, first + 4)))
        assert_one_of_a_key_at_a_time(wire.of("put_records"))
        assert kinesis.stream.written("a") == texts("a", 1, 15)
        assert kinesis.stream.written("b") == texts("b", 1, 15)

    run(main())


def test_a_publish_does_not_wait_for_a_slow_call_with_other_keys() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis(), delay=5)
        stream = wire.stream()
        slow = asyncio.create_task(stream.publish(numbered("slow", 1, 1)))
        await asyncio.sleep(1)
        wire.delay = 0.02
        await stream.publish(numbered("fast", 1, 1))
        assert now() < 1.1
        await slow

    run(main())


def test_a_key_with_much_to_write_does_not_hold_up_the_others() -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        stream = wire.stream()
        busy = [asyncio.create_task(stream.publish([Entry(f"busy {n}", bytes(MIB - 50))] * 40)) for n in range(30)]
        await asyncio.sleep(0.1)
        begun = now()
        await stream.publish(numbered("late", 1, 1))
        assert now() - begun < 0.2
        await asyncio.gather(*busy)

    run(main())


@pytest.mark.parametrize(
    "failure",
    [
        refusal("InternalFailure", status=500),
        refusal("ProvisionedThroughputExceededException"),
        ReadTimeoutError(endpoint_url=ENDPOINT),
        EndpointConnectionError(endpoint_url=ENDPOINT),
    ],
)
def test_a_call_that_fails_as_a_whole_is_told_at_once_and_publishing_again_works(failure: Exception) -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis)
        stream = wire.stream()
        kinesis.fail = lambda call: failure
        with pytest.raises(StreamUnavailable, match=f"{ENDPOINT} put_records"):
            await stream.publish(numbered("a", 1, 3) + numbered("b", 1, 3))
        assert now() <= 0.03
        kinesis.fail = lambda call: None
        await asyncio.sleep(60)
        assert len(wire.calls) == 1
        await stream.publish(numbered("a", 1, 3) + numbered("b", 1, 3))
        assert kinesis.stream.written("a") == texts("a", 1, 3)
        assert kinesis.stream.written("b") == texts("b", 1, 3)

    run(main())


def test_missing_rights_are_told_as_such() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        kinesis.fail = lambda call: refusal("AccessDeniedException", "not yours")
        with pytest.raises(SetupError, match="not yours"):
            await Wire(kinesis).stream().publish(numbered("a", 1, 1))

    run(main())


def test_a_failed_call_fails_what_waits_behind_it_for_the_same_key_and_nothing_else() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        kinesis.fail = lambda call: refusal("InternalFailure") if call.begun == 0 else None
        failing = [asyncio.create_task(stream.publish(numbered("a", n, n))) for n in (1, 2)]
        await asyncio.sleep(0.005)
        other = asyncio.create_task(stream.publish(numbered("b", 1, 3)))
        outcomes = await asyncio.gather(*failing, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StreamUnavailable] * 2
        await other
        await asyncio.sleep(60)
        assert kinesis.stream.written("a") == []
        assert kinesis.stream.written("b") == texts("b", 1, 3)

    run(main())


def test_what_a_failed_publish_had_queued_for_other_keys_is_not_written_later() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis).stream()
        kinesis.fail = lambda call: refusal("InternalFailure") if "a" in call.keys and now() > 0.05 else None
        with pytest.raises(StreamUnavailable):
            await stream.publish([*numbered("a", 1, 5), *numbered("b", 1, 50)])
        at_once = kinesis.stream.written("b")
        await asyncio.sleep(60)
        assert kinesis.stream.written("b") == texts("b", 1, len(at_once) + 1) or kinesis.stream.written("b") == at_once
        assert len(at_once) < 10

    run(main())


def test_a_cancelled_publish_leaves_nothing_that_is_written_later() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        stream = Wire(kinesis, delay=0.1).stream()
        publishing = asyncio.create_task(stream.publish(numbered("a", 1, 5)))
        await asyncio.sleep(0.12)
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await publishing
        await asyncio.sleep(60)
        assert kinesis.stream.written("a") == texts("a", 1, 2)
        await stream.publish(numbered("a", 3, 5))
        assert kinesis.stream.written("a") == texts("a", 1, 5)

    run(main())


def test_a_record_that_is_refused_after_its_publish_was_cancelled_is_not_sent_again() -> None:
    async def main() -> None:
        kinesis = ScriptedKinesis()
        wire = Wire(kinesis, delay=0.1)
        stream = wire.stream()
        kinesis.stream.refuse = lambda put: ("InternalFailure", "") if now() < 1 else None
        cancelled = asyncio.create_task(stream.publish(numbered("a", 1, 5)))
        waiting = asyncio.create_task(stream.publish(numbered("a", 6, 7)))
        await asyncio.sleep(0.02)
        cancelled.cancel()
        await waiting
        assert kinesis.stream.written("a") == texts("a", 6, 7)
        assert_one_of_a_key_at_a_time(wire.of("put_records"))
        assert sum("a 1" in call.data for call in wire.of("put_records")) == 1

    run(main())
