"""What stability and dedup cost a record, without host, codec and store, against orjson on the same records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from shared.codec import encode
from tests.benchmarks.bare_operators import TALK, decide
from tests.benchmarks.codec import HEADER, loads_and_dumps
from tests.benchmarks.costs import compare
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.results import mean_items, talk


def run() -> Iterator[Figure]:
    """Both operators over two minutes of partial results of 20 words."""
    records = talk(TALK.id, 2)
    headers = [encode(record)[HEADER:] for record in records]
    cost, baseline = compare(lambda: asyncio.run(decide(records)), lambda: loads_and_dumps(headers))
    yield Figure(
        name=f"stage_logic: stability + dedup, {mean_items(records):.0f} words and marks a record",
        value=cost / len(records) * 1e6,
        unit="us CPU",
        baseline=baseline / len(records) * 1e6,
        against="orjson.loads + dumps",
        bound=Bound("ratio", "<=", 3),
    )
