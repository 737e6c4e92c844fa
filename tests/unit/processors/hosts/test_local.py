"""The local host, driven by stages small enough to see through."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.codec import encode
from shared.metrics import Metric
from shared.models import DeadLetter
from shared.streams import StreamName
from tests.support.refusing_stream import ALWAYS, NEVER
from tests.support.virtual_time import run
from tests.unit.processors.hosts.local_host_harness import (
    DEAD,
    SEGMENTS,
    TRANSLATIONS,
    UNIQUE,
    CopyStage,
    LocalHostHarness,
    OverstatingStage,
    numbers,
    segment,
)

pytestmark = pytest.mark.hermetic


def test_it_passes_records_on_and_stamps_the_hop() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await harness.put(segment(1), segment(2))
        await asyncio.sleep(1)
        records = await harness.read()
        assert numbers(records) == [1, 2]
        assert all(record.hops["dedup"] >= 1_700_000_000_000 for record in records)
        await host.stop()

    run(main())


def test_a_new_host_goes_on_at_the_oldest_unacked_input() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await harness.put(segment(1), replace(segment(2), text="keep"), segment(3))
        await asyncio.sleep(1)
        await host.stop()
        assert numbers(await harness.read()) == [1, 3]
        host = harness.host()
        await harness.put(replace(segment(4), text="let go"))
        await asyncio.sleep(1)
        assert numbers(await harness.read()) == [1, 3, 3, 4, 2]
        await host.stop()

    run(main())


def test_bytes_that_are_no_record_and_records_that_make_it_raise_become_dead_letters() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        garbage = b"\x01\xff\xff"
        future = encode(segment(9)).replace(b'"kind":"Segment"', b'"kind":"Segmint"')
        await harness.put(
            garbage, segment(1), replace(segment(2), text="raise"), future, segment(3), segment(1, "other")
        )
        await asyncio.sleep(30)
        assert sorted(numbers(await harness.read())) == [1, 1, 3]
        dead_letters = await harness.read(DEAD)
        assert all(isinstance(letter, DeadLetter) and letter.stage == "dedup" for letter in dead_letters)
        assert dead_letters[0].payload == garbage
        assert dead_letters[1].session == "talk"
        assert "RuntimeError: cannot stand this one" in dead_letters[1].error
        assert len(dead_letters) == 2
        assert harness.metrics.total(Metric.UNKNOWN_RECORDS) == 1
        await host.stop()
        last = (await harness.checkpoints.load("dedup", SEGMENTS)).values()
        assert [checkpoint.sequence for checkpoint in last] == [6]

    run(main())


def test_work_beside_the_operator_that_fails_begins_it_anew_with_what_is_not_acked() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await harness.put(replace(segment(1), text="keep"), replace(segment(2), text="fail later"))
        await asyncio.sleep(10)
        await harness.put(replace(segment(3), text="let go"))
        await asyncio.sleep(10)
        assert set(numbers(await harness.read())) == {1, 2, 3}
        assert not await harness.read(DEAD)
        await host.stop()

    run(main())


def test_inputs_of_a_session_that_does_not_exist_are_one_dead_letter_and_then_counted() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await harness.put(*(segment(number, "unknown") for number in range(1, 6)), segment(1))
        await asyncio.sleep(1)
        assert [letter.error for letter in await harness.read(DEAD)] == ["no session 'unknown' was created"]
        assert harness.metrics.total(Metric.REFUSED_FRAMES) == 5
        assert numbers(await harness.read()) == [1]
        await host.stop()

    run(main())


def test_a_refusing_stream_is_waited_out_and_no_ack_counts_before_its_output_is_out() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await asyncio.sleep(0.1)
        harness.streams[UNIQUE].refuses = (0.0, 20.0)
        await harness.put(segment(1))
        await asyncio.sleep(10)
        assert not await harness.checkpoints.load("dedup", SEGMENTS)
        await harness.put(segment(2))
        await asyncio.sleep(20)
        assert numbers(await harness.read()) == [1, 2]
        await host.stop()
        assert len(await harness.checkpoints.load("dedup", SEGMENTS)) == 1

    run(main())


def test_while_a_whole_output_answers_nobody_nothing_more_is_read_and_what_was_read_is_not_lost() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await asyncio.sleep(0.1)
        harness.streams[UNIQUE].refuses = (0.0, 60.0)
        await harness.put(*(segment(1, f"talk-{number}") for number in range(20)))
        await asyncio.sleep(31)
        await harness.put(segment(1, "late"))
        await asyncio.sleep(2)
        assert harness.metrics.level(Metric.OPEN_OPERATORS, stage="dedup") == 20
        await asyncio.sleep(40)
        assert len(await harness.read()) == 21
        assert not await harness.read(DEAD)
        await host.stop()

    run(main())


def test_while_some_keys_are_refused_the_others_are_read_on() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await asyncio.sleep(0.1)
        harness.streams[UNIQUE].keys = {"talk"}
        harness.streams[UNIQUE].refuses = ALWAYS
        await harness.put(segment(1))
        await asyncio.sleep(30)
        await harness.put(segment(2), segment(1, "late"))
        await asyncio.sleep(1)
        assert [record.session for record in await harness.read()] == ["late"]
        harness.streams[UNIQUE].refuses = NEVER
        await asyncio.sleep(10)
        assert [(record.session, record.number) for record in await harness.read()] == [
            ("late", 1),
            ("talk", 1),
            ("talk", 2),
        ]
        await host.stop()

    run(main())


@pytest.mark.parametrize("graceful", [True, False])
def test_fused_stages_ack_an_input_once_the_last_of_them_has(graceful: bool) -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        stages = [CopyStage("stability", StreamName.TRANSCRIPTS, SEGMENTS, internal=True)]
        stages.append(CopyStage("dedup", SEGMENTS, UNIQUE))
        stages.append(CopyStage("translate", UNIQUE, TRANSLATIONS))
        host = harness.host(stages)
        await asyncio.sleep(0.1)
        harness.streams[TRANSLATIONS].refuses = (0.0, 20.0)
        await harness.put(segment(1), stream=StreamName.TRANSCRIPTS)
        await asyncio.sleep(1)
        assert numbers(await harness.read(UNIQUE)) == [1]
        await (host.stop() if graceful else host.kill())
        assert not await harness.checkpoints.load("stability+dedup+translate", StreamName.TRANSCRIPTS)
        host = harness.host(stages)
        await asyncio.sleep(30)
        assert numbers(await harness.read(TRANSLATIONS)) == [1]
        assert numbers(await harness.read(UNIQUE)) == [1, 1]
        assert not await harness.read(SEGMENTS)
        await host.stop()
        marks = await harness.checkpoints.load("stability+dedup+translate", StreamName.TRANSCRIPTS)
        assert len(marks) == 1

    run(main())


def test_a_dead_letter_of_what_only_a_fused_stage_was_given_needs_no_bytes() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        stability = OverstatingStage("stability", StreamName.TRANSCRIPTS, SEGMENTS, internal=True)
        host = harness.host([stability, CopyStage("dedup", SEGMENTS, UNIQUE)])
        await harness.put(segment(1), stream=StreamName.TRANSCRIPTS)
        await asyncio.sleep(1)
        (dead_letter,) = await harness.read(DEAD)
        assert (dead_letter.stage, dead_letter.payload) == ("dedup", b"")
        await host.stop()
        marks = await harness.checkpoints.load("stability+dedup", StreamName.TRANSCRIPTS)
        assert len(marks) == 1

    run(main())


def test_a_shard_that_ends_is_finished_before_its_children_are_read() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await harness.put(segment(1), replace(segment(2), text="keep"))
        await asyncio.sleep(1)
        shard = (await harness.streams[SEGMENTS].shards())[0].id
        harness.streams[SEGMENTS].split(shard)
        await harness.put(segment(3))
        await asyncio.sleep(2)
        assert numbers(await harness.read()) == [1, 2, 3]
        assert (await harness.checkpoints.load("dedup", SEGMENTS))[shard].ended
        await host.stop()
        host = harness.host()
        await harness.put(segment(4))
        await asyncio.sleep(2)
        assert numbers(await harness.read()) == [1, 2, 3, 4]
        await host.stop()

    run(main())


def test_the_end_of_a_shard_is_not_checkpointed_over_inputs_that_another_worker_owns() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        await asyncio.sleep(0.1)
        harness.streams[UNIQUE].refuses = (0.0, 3.0)
        await harness.put(replace(segment(1), text="fence"), segment(2), segment(1, "other"))
        await asyncio.sleep(1)
        shard = (await harness.streams[SEGMENTS].shards())[0].id
        harness.streams[SEGMENTS].split(shard)
        await harness.put(segment(3, "other"))
        await asyncio.sleep(10)
        assert [(r.session, r.number) for r in await harness.read()] == [("other", 1), ("other", 3)]
        assert not any(c.ended for c in (await harness.checkpoints.load("dedup", SEGMENTS)).values())
        assert harness.metrics.total(Metric.FENCED) == 1
        await host.stop()

    run(main())


def test_operators_that_are_idle_for_long_are_given_up() -> None:
    async def main() -> None:
        harness = LocalHostHarness()
        host = harness.host()
        for number in range(100):
            await harness.put(segment(1, f"talk-{number}"))
        await harness.put(replace(segment(1, "busy"), text="keep"))
        await asyncio.sleep(1)
        assert harness.metrics.level(Metric.OPEN_OPERATORS, stage="dedup") == 101
        await asyncio.sleep(400)
        assert harness.metrics.level(Metric.OPEN_OPERATORS, stage="dedup") == 1
        await host.stop()

    run(main())
