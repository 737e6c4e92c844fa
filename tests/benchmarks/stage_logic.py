"""What stability and dedup cost a record, without host, codec and store, against orjson on the same records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from processors.dedup.stage import DedupStage
from processors.stability.stage import StabilityStage
from shared.codec import encode
from shared.models import Record
from shared.sessions import Session
from tests.benchmarks.codec import HEADER, loads_and_dumps
from tests.benchmarks.costs import compare
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.results import mean_words, talk
from tests.support.operators import OperatorBench


def run() -> Iterator[Figure]:
    """Both operators over two minutes of partial results of 20 words."""
    records = talk("talk", 2)
    headers = [encode(record)[HEADER:] for record in records]
    cost, baseline = compare(lambda: asyncio.run(_decide(records)), lambda: loads_and_dumps(headers))
    yield Figure(
        name=f"stage_logic: stability + dedup, {mean_words(records):.0f} items a record",
        value=cost / len(records) * 1e6,
        unit="us CPU",
        baseline=baseline / len(records) * 1e6,
        against="orjson.loads + dumps",
        bound=Bound("ratio", "<=", 3),
    )


async def _decide(records: Sequence[Record]) -> None:
    stability = await _bench(StabilityStage())
    await stability.send(*records)
    dedup = await _bench(DedupStage())
    await dedup.send(*stability.emitted)
    await stability.close()
    await dedup.close()
    assert dedup.emitted


async def _bench(stage: StabilityStage | DedupStage) -> OperatorBench:
    bench = OperatorBench(stage)
    await bench.store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=0))
    return await bench.start()
