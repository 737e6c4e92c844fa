"""Making the pipeline's streams on Kinesis, listing and deleting them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from shared.aws import Aws, AwsClient, AwsError
from shared.aws.session import NO_RETRIES, AwsRetries
from shared.errors import LowLatencyTranslateError, SetupError, StreamUnavailable
from shared.streams import StreamName
from shared.streams.kinesis import kinesis_streams
from shared.streams.kinesis.admin import StreamAdmin, StreamStatus
from tests.support.scripted_kinesis import Call, ScriptedKinesis, Wire, refusal
from tests.support.scripted_stream import now
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

NAMES = [f"talks-{name}" for name in StreamName]


class ScriptedAws(Aws):
    """An account of which only Kinesis is there."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def client(
        self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries = NO_RETRIES
    ) -> AwsClient:
        assert service == "kinesis"
        return AwsClient(self._wire.kinesis, unavailable, self._wire)


def scripted(work: Callable[[StreamAdmin, Wire], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        wire = Wire(ScriptedKinesis())
        await work(StreamAdmin(ScriptedAws(wire), "talks"), wire)

    run(main())


def statuses(status: str, shards: int) -> list[StreamStatus]:
    return [StreamStatus(name, status, shards) for name in NAMES]


def test_streams_that_are_not_there_are_listed_as_missing() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        assert await admin.list() == statuses("missing", 0)

    scripted(work)


def test_every_stream_is_made_and_active_when_create_returns() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.making = 10
        wire.kinesis.most_making = 7
        await admin.create(3)
        assert now() >= 10
        assert await admin.list() == statuses("active", 3)

    scripted(work)


def test_create_leaves_what_is_there_as_it_is() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.create_stream(StreamName=NAMES[3], ShardCount=5)
        wire.kinesis.streams[NAMES[3]].put("k", b"kept")
        await admin.create(2)
        before = dict(wire.kinesis.streams)
        await admin.create(4)
        assert wire.kinesis.streams == before
        assert [found.shards for found in await admin.list()] == [2, 2, 2, 5, 2, 2, 2]
        assert wire.kinesis.streams[NAMES[3]].written("k") == ["kept"]

    scripted(work)


def test_create_waits_for_a_stream_that_another_is_making() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.making = 40
        wire.kinesis.create_stream(StreamName=NAMES[0], ShardCount=1)
        wire.kinesis.making = 1
        await admin.create(1)
        assert now() >= 40

    scripted(work)


def test_create_makes_more_streams_than_may_be_in_the_making_at_once() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.making = 30
        await admin.create(1)
        assert await admin.list() == statuses("active", 1)
        assert now() < 90

    scripted(work)


def test_create_makes_again_what_is_just_being_deleted() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        await admin.create(1)
        wire.kinesis.deleting = 20
        wire.kinesis.delete_stream(StreamName=NAMES[2])
        await admin.create(1)
        assert await admin.list() == statuses("active", 1)

    scripted(work)


def test_a_stream_that_never_becomes_active_is_told() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.making = 10_000
        wire.kinesis.most_making = 7
        with pytest.raises(StreamUnavailable, match="have not settled"):
            await admin.create(1)
        assert now() < 1000

    scripted(work)


def test_delete_returns_when_every_stream_is_gone_and_does_nothing_where_none_is() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        await admin.delete()
        await admin.create(1)
        wire.kinesis.deleting = 20
        begun = now()
        await admin.delete()
        assert now() - begun >= 20
        assert await admin.list() == statuses("missing", 0)
        assert list(wire.kinesis.streams) == ["words"]
        assert all(call.parameters["EnforceConsumerDeletion"] for call in wire.of("delete_stream"))

    scripted(work)


def test_delete_waits_for_streams_that_another_deletes() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        await admin.create(1)
        wire.kinesis.deleting = 20
        wire.kinesis.delete_stream(StreamName=NAMES[2])
        begun = now()
        await admin.delete()
        assert now() - begun >= 20
        assert NAMES[2] not in [call.parameters["StreamName"] for call in wire.of("delete_stream")]

    scripted(work)


@pytest.mark.parametrize("code", ["LimitExceededException", "ThrottlingException", "InternalFailure"])
def test_a_call_that_is_refused_for_now_is_tried_again_after_ever_longer_waits(code: str) -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        tries: dict[str, int] = {}

        def fail(call: Call) -> Exception | None:
            name = f"{call.operation} {call.parameters['StreamName']}"
            tries[name] = tries.get(name, 0) + 1
            return refusal(code) if tries[name] <= 4 else None

        wire.kinesis.fail = fail
        await admin.create(1)
        tries.clear()
        assert await admin.list() == statuses("active", 1)
        tries.clear()
        await admin.delete()
        tries.clear()
        assert await admin.list() == statuses("missing", 0)
        first = [call for call in wire.of("create_stream") if call.parameters["StreamName"] == NAMES[0]]
        waits = [after.begun - (before.ended or 0) for before, after in pairwise(first)]
        assert len(waits) == 4
        for failures, wait in enumerate(waits):
            assert 0.05 * 2**failures - 1e-6 <= wait <= 0.1 * 2**failures + 1e-6

    scripted(work)


def test_a_refusal_that_does_not_pass_is_told() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        wire.kinesis.fail = lambda call: refusal("ThrottlingException", "too often")
        with pytest.raises(StreamUnavailable, match="too often"):
            await admin.list()
        wire.kinesis.fail = lambda call: refusal("AccessDeniedException", "not yours")
        with pytest.raises(SetupError, match="not yours"):
            await admin.create(1)
        wire.kinesis.fail = lambda call: refusal("InvalidArgumentException", "so many shards")
        with pytest.raises(AwsError, match="so many shards"):
            await admin.create(1)

    scripted(work)


def test_the_streams_of_a_prefix_are_those_that_were_made_for_it() -> None:
    async def work(admin: StreamAdmin, wire: Wire) -> None:
        await admin.create(1)
        streams = kinesis_streams(ScriptedAws(wire), "talks", 0.4)
        assert list(streams) == list(StreamName)
        for name, stream in streams.items():
            assert stream.name == f"talks-{name}"
            assert [shard.id for shard in await stream.shards()] == ["shardId-000000000000"]
        await asyncio.sleep(0)

    scripted(work)
