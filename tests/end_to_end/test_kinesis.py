"""The demo's recording over Kinesis streams that are split, merged and refuse records, all in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import jiwer
import pytest

from processors.engines.engines import Engines
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from shared.aws import AwsClient
from shared.errors import StreamUnavailable
from shared.settings import Settings
from shared.streams import StreamName
from shared.streams.kinesis import KinesisStream
from shared.streams.kinesis.read_pacer import ReadPacer
from sinks import Caption
from tests.end_to_end.excerpt import Excerpt
from tests.end_to_end.pipeline_run import DEMO, PipelineRun, assert_all_arrived, run_pipeline
from tests.support.localstack import Observer
from tests.support.localstack_backend import localstack_backend
from tests.support.resharding import merge, split

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.usefixtures("aws_environment")]


async def test_every_stream_is_split_and_merged_in_the_middle_of_speech(observer: Observer, tmp_path: Path) -> None:
    spoken = Excerpt(18, tmp_path)
    recogniser = Engines(Settings(recogniser=spoken.recogniser)).recogniser
    kinesis = observer.client("kinesis")
    async with localstack_backend() as (prefix, backend):
        names = [f"{prefix}-{name}" for name in StreamName]

        async def reshard(played: PipelineRun) -> None:
            await _until(lambda: _captions(played) >= 1)
            await asyncio.gather(*(asyncio.to_thread(split, kinesis, name) for name in names))
            await _until(lambda: _captions(played) >= 3)
            await asyncio.gather(*(asyncio.to_thread(merge, kinesis, name) for name in names))

        played = await run_pipeline(
            recogniser, realtime=True, recording=spoken.file, backend=backend, meanwhile=reshard
        )
        shards = {name: kinesis.list_shards(StreamName=name)["Shards"] for name in names}
    assert all(len(found) == 4 for found in shards.values())
    assert_all_arrived(played)
    assert played.words == spoken.words


@pytest.mark.soak
async def test_a_stream_that_refuses_every_third_record_loses_nothing_and_keeps_the_order(
    observer: Observer, in_memory: PipelineRun
) -> None:
    async with localstack_backend() as (prefix, backend):
        refusing = RefusingKinesis(observer.client("kinesis"))
        client = AwsClient(refusing, StreamUnavailable, ThreadPoolExecutor(8))
        pace = ReadPacer(0.4)
        scripted = ScriptedEngine(Script.load(DEMO / "recording.moonshine.jsonl"))
        streams = {name: KinesisStream(client, f"{prefix}-{name}", pace) for name in StreamName}
        played = await run_pipeline(scripted, realtime=False, backend=replace(backend, streams=streams))
    assert refusing.refused > 20
    assert refusing.most_of_one_key == 1
    assert_all_arrived(played)
    assert [final.items for final in played.finals] == [final.items for final in in_memory.finals]
    # What is late counts as silence, behind which unstable words are committed: a few may differ, none is missing.
    assert jiwer.wer(in_memory.words, played.words) < 0.15


class RefusingKinesis:
    """A boto3 client whose PutRecords refuses every third record, as a shard over its throughput does."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._count = count(1)
        self.refused = 0
        self.most_of_one_key = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_records(self, StreamName: str, Records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803
        keys = [record["PartitionKey"] for record in Records]
        self.most_of_one_key = max(self.most_of_one_key, *map(keys.count, keys))
        taken = [record for record in Records if next(self._count) % 3]
        self.refused += len(Records) - len(taken)
        answers = iter(self._client.put_records(StreamName=StreamName, Records=taken)["Records"] if taken else ())
        error = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        return {"Records": [next(answers) if record in taken else error for record in Records]}


def _captions(played: PipelineRun) -> int:
    return sum(isinstance(event, Caption) for event in played.captions.get(None, ()))


async def _until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
