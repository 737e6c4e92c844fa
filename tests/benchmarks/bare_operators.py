"""Stability and dedup without host, codec and store: their operators, called directly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from processors.contract import Input, Stage
from processors.dedup.stage import DedupStage
from processors.stability.stage import StabilityStage
from shared.models import Record
from shared.sessions import Session
from tests.support.operator_harness import OperatorHarness

#: The session whose records they take.
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


async def decide(records: Sequence[Record], every: float = 0.0) -> Sequence[Record]:
    """What dedup emits of the talk's records, which stability takes `every` s apart."""
    stability, dedup = await _harness(StabilityStage()), await _harness(DedupStage())
    for record in records:
        known = len(stability.emitted)
        await stability.operator.process(Input(record, arrived_at=0))
        # What it has said is confirmed between the steps of tasks.
        if every or len(stability.emitted) > known:
            await asyncio.sleep(every)
    for record in stability.emitted:
        await dedup.operator.process(Input(record, arrived_at=0))
    await stability.close()
    await dedup.close()
    assert dedup.emitted
    return dedup.emitted


async def _harness(stage: Stage) -> OperatorHarness:
    harness = OperatorHarness(stage, TALK.id)
    await harness.store.create(TALK)
    return await harness.start()
