"""Stability and dedup without host, codec and store: their operators, called directly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from processors.contract import Input, Stage
from processors.dedup.stage import DedupStage
from processors.stability.stage import StabilityStage
from shared.models import Record
from shared.sessions import Session
from tests.support.operators import OperatorBench

#: The session whose records they take.
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


async def decide(records: Sequence[Record], every: float = 0.0, sessions: int = 1) -> Sequence[Record]:
    """What dedup emits of the talk's records, which stability takes `every` s apart.

    Each record is taken by so many `sessions`, one after the other, so that it is in the processor's cache for all
    but the first, as a record that was just decoded is.
    """
    benches = [await _bench(StabilityStage()) for _ in range(sessions)]
    for record in records:
        for stability in benches:
            known = len(stability.emitted)
            await stability.operator.take(Input(record, arrived_at=0))
            # What it has said is confirmed between the steps of tasks.
            if every or len(stability.emitted) > known:
                await asyncio.sleep(every)
    for stability in benches:
        dedup = await _bench(DedupStage())
        for record in stability.emitted:
            await dedup.operator.take(Input(record, arrived_at=0))
        assert dedup.emitted
        await stability.close()
        await dedup.close()
    return dedup.emitted


async def _bench(stage: Stage) -> OperatorBench:
    bench = OperatorBench(stage, TALK.id)
    await bench.store.create(TALK)
    return await bench.start()
