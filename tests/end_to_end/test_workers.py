"""The pipeline in production: a KCL worker a stage, and what production does to them in the middle of speech.

The workers stay up from test to test, as they do in production; every test speaks in a session of its own.
"""

from __future__ import annotations

import json
import os
import random
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.localstack.server import LocalStack
from shared.codec import decode, encode
from shared.models import Segment, SessionEnded
from shared.streams import StreamName
from tests.end_to_end.deployment import deployed
from tests.end_to_end.excerpt import Excerpt
from tests.end_to_end.kcl_pipeline import KclPipeline
from tests.end_to_end.kcl_worker import STAGES, Worker, time_until, waits
from tests.end_to_end.listener_output import assert_delivered_once, words
from tests.end_to_end.pipeline_run import TARGETS, PipelineRun
from tests.support.localstack import Observer, records_on
from tests.support.measured import measured
from tests.support.resharding import merge, split
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = [pytest.mark.system, pytest.mark.kcl, pytest.mark.alone]

#: Seconds of the recording that are spoken while something happens.
SPOKEN = 16


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Excerpt:
    return Excerpt(SPOKEN, tmp_path_factory.mktemp("spoken"))


@pytest.fixture(scope="module")
def pipeline(
    localstack: LocalStack, spoken: Excerpt, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KclPipeline]:
    folder = tmp_path_factory.mktemp("pipeline")
    with deployed(localstack, folder, WORKER_READ_INTERVAL="0.5", RECOGNISER=spoken.recogniser) as opened:
        pipeline = KclPipeline(opened, folder)
        yield pipeline
        pipeline.stop()


def test_the_recording_through_five_applications_is_what_the_demo_makes_of_it(
    pipeline: KclPipeline, in_memory: PipelineRun
) -> None:
    pipeline.until_serving()
    source = pipeline.deployment.listen("recording")
    listeners = {
        language: pipeline.deployment.listen(
            "recording", language, "--captions", "--audio", str(pipeline.folder / f"{language}.wav")
        )
        for language in TARGETS
    }
    speaker = pipeline.deployment.speak("recording")
    assert speaker.ended() == 0, speaker.stderr
    assert source.ended() == 0, source.stderr
    assert words(source) == in_memory.words
    count = assert_delivered_once(source)
    for listener in listeners.values():
        assert listener.ended() == 0, listener.stderr
        assert assert_delivered_once(listener) == count
    pipeline.assert_dead_letters()
    pipeline.undisturbed = max(waits(source))
    measured(f"{count} captions, at most {pipeline.undisturbed:.1f} s behind the speaker")


@pytest.mark.soak
def test_a_child_of_every_stage_is_killed(pipeline: KclPipeline, spoken: Excerpt) -> None:
    def kill() -> None:
        for worker in pipeline.workers.values():
            worker.kill_children()

    pipeline.speak("children-killed", spoken, kill)


@pytest.mark.soak
def test_a_daemon_of_every_stage_is_killed(pipeline: KclPipeline, spoken: Excerpt) -> None:
    def kill() -> None:
        for worker in pipeline.workers.values():
            worker.kill_daemon()

    pipeline.speak("daemons-killed", spoken, kill)


@pytest.mark.soak
@pytest.mark.parametrize("stage", ["transcribe", "stability"])
def test_a_daemon_and_its_child_are_killed_together(pipeline: KclPipeline, spoken: Excerpt, stage: str) -> None:
    pipeline.speak(f"both-killed-{stage}", spoken, pipeline.workers[stage].kill_both)


@pytest.mark.soak
def test_a_worker_dies_with_everything_and_a_second_one_takes_over(pipeline: KclPipeline, spoken: Excerpt) -> None:
    pipeline.until_serving()
    second = Worker(pipeline.deployment, "stability").up()

    def kill() -> None:
        pipeline.workers["stability"].kill_all()
        taken = time_until(lambda: bool(second.children), "a shard of the second worker")
        measured(f"the second worker had its shard after {taken:.1f} s")

    pipeline.speak("group-killed", spoken, kill)
    pipeline.replace("stability", second)


@pytest.mark.soak
def test_records_that_are_none_harm_nobody_and_can_be_looked_at(
    pipeline: KclPipeline, spoken: Excerpt, observer: Observer
) -> None:
    kinesis = observer.client("kinesis")
    rng = random.Random(1)
    cut_short = encode(SessionEnded(session="poison", captured_at=0))[:-9]
    poison = [rng.randbytes(1), rng.randbytes(3000), cut_short]
    read = [StreamName.AUDIO, StreamName.TRANSCRIPTS, StreamName.SEGMENTS]
    read += [StreamName.UNIQUE_SEGMENTS, StreamName.TRANSLATIONS]

    def send() -> None:
        for stream in read:
            for data in poison:
                kinesis.put_record(
                    StreamName=f"{pipeline.deployment.prefix}-{stream}", PartitionKey="poison", Data=data
                )

    pipeline.speak("poison", spoken, send, dead_letters=[*STAGES] * len(poison))
    shown = json.loads(pipeline.deployment.run("dead-letters", "show", pipeline.dead_letters()[0]["id"], "--json"))
    assert shown["error"]


@pytest.mark.soak
def test_a_stage_that_hangs_is_found_and_replaced(pipeline: KclPipeline, spoken: Excerpt) -> None:
    complaints = pipeline.workers["translate"].llt.stderr_from_now()
    pipeline.speak("hung", spoken, pipeline.workers["translate"].stop_child)
    assert "hangs, and is killed" in complaints()


@pytest.mark.soak
def test_records_that_are_refused_for_20_s_are_written_then(
    pipeline: KclPipeline, spoken: Excerpt, localstack: LocalStack
) -> None:
    complaints: list[Callable[[], str]] = []

    def refuse() -> None:
        complaints.extend(worker.llt.stderr_from_now() for worker in pipeline.workers.values())
        _configure(localstack, KINESIS_ERROR_PROBABILITY=1.0)
        time.sleep(20)
        _configure(localstack, KINESIS_ERROR_PROBABILITY=0.0)

    pipeline.speak("refused", spoken, refuse)
    assert any("trying again" in complained() for complained in complaints)


@pytest.mark.soak
def test_every_stream_is_split_and_merged(pipeline: KclPipeline, spoken: Excerpt, observer: Observer) -> None:
    kinesis = observer.client("kinesis")
    streams = [f"{pipeline.deployment.prefix}-{name}" for name in StreamName]

    def reshard() -> None:
        for stream in streams:
            split(kinesis, stream)
        for stream in streams:
            merge(kinesis, stream)

    pipeline.speak("resharded", spoken, reshard)
    assert all(len(kinesis.list_shards(StreamName=stream)["Shards"]) == 4 for stream in streams)


@pytest.mark.soak
def test_fused_stages_say_the_same_and_publish_what_sinks_read(
    localstack: LocalStack, tmp_path: Path, spoken: Excerpt, observer: Observer
) -> None:
    with deployed(localstack, tmp_path, WORKER_READ_INTERVAL="0.5", RECOGNISER=spoken.recogniser) as opened:
        pipeline = KclPipeline(opened, tmp_path, ["transcribe", "stability+dedup+translate", "synthesize"])
        pipeline.speak("fused", spoken, pipeline.workers["stability+dedup+translate"].kill_both)
        kinesis = observer.client("kinesis")
        assert not records_on(kinesis, f"{opened.prefix}-segments")
        assert records_on(kinesis, f"{opened.prefix}-unique-segments")
        pipeline.stop()


@pytest.mark.soak
def test_a_second_worker_gets_a_share_and_the_first_has_all_when_it_leaves(
    localstack: LocalStack, tmp_path: Path
) -> None:
    with deployed(localstack, tmp_path, shards=4, WORKER_READ_INTERVAL="0.5") as opened:
        first = Worker(opened, "dedup").up()
        first.until_serving(shards=4)
        second = Worker(opened, "dedup").up()
        shared = time_until(lambda: len(second.children) >= 1, "a shard of the second worker")
        assert len(first.children) >= 1
        owners = {row["owner"] for row in json.loads(opened.run("workers", "--json"))}
        assert len(owners) == 2
        assert second.terminate() == 0, second.llt.stderr
        back = time_until(lambda: len(first.children) == 4, "all shards of the first worker")
        measured(f"a second worker had its first shard {shared:.1f} s after it was up; back after {back:.1f} s")
        assert first.terminate() == 0, first.llt.stderr


@pytest.mark.soak
def test_a_worker_that_reads_by_enhanced_fan_out_brings_every_record(
    localstack: LocalStack, tmp_path: Path, observer: Observer
) -> None:
    kinesis = observer.client("kinesis")
    with deployed(localstack, tmp_path, KCL_RETRIEVAL="fanout") as opened:
        opened.run("sessions", "create", "talk")
        worker = Worker(opened, "dedup").up()
        numbers = list(range(1, 6))
        for n in numbers:
            segment = Segment(
                session="talk", captured_at=0, number=n, language="en", text=f"word {n}", start=n, end=n + 1
            )
            kinesis.put_record(StreamName=f"{opened.prefix}-segments", PartitionKey="talk", Data=encode(segment))

        def came() -> list[int]:
            records = map(decode, records_on(kinesis, f"{opened.prefix}-unique-segments"))
            return [record.number for record in records if isinstance(record, Segment)]

        wait_until(lambda: len(came()) >= len(numbers), "all records")
        assert came() == numbers
        stream = kinesis.describe_stream_summary(StreamName=f"{opened.prefix}-segments")["StreamDescriptionSummary"]
        (consumer,) = kinesis.list_stream_consumers(StreamARN=stream["StreamARN"])["Consumers"]
        assert consumer["ConsumerStatus"] == "ACTIVE"
        assert worker.terminate() == 0, worker.llt.stderr


def _configure(localstack: LocalStack, **variables: float) -> None:
    for name, value in variables.items():
        request = urllib.request.Request(
            f"{localstack.endpoint}/_localstack/config",
            json.dumps({"variable": name, "value": value}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            assert answer.status == 200, os.strerror(answer.status)
