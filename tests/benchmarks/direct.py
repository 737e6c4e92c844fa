"""Stability and dedup without host, codec and store: their operators, called directly."""

from __future__ import annotations

from collections.abc import Sequence

from processors.dedup.stage import DedupStage
from processors.stability.stage import StabilityStage
from shared.models import Record
from shared.sessions import Session
from tests.support.operators import OperatorBench

#: The session whose records they take.
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


async def decide(records: Sequence[Record], every: float = 0.0) -> Sequence[Record]:
    """What dedup emits of the talk's records, which stability takes `every` s apart."""
    stability = await _bench(StabilityStage())
    await stability.send(*records, every=every)
    dedup = await _bench(DedupStage())
    await dedup.send(*stability.emitted)
    await stability.close()
    await dedup.close()
    assert dedup.emitted
    return dedup.emitted


async def _bench(stage: StabilityStage | DedupStage) -> OperatorBench:
    bench = OperatorBench(stage, TALK.id)
    await bench.store.create(TALK)
    return await bench.start()
