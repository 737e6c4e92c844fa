"""What a record costs to encode and to decode, against orjson on the same header."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from shared.codec import decode, encode
from tests.benchmarks.costs import compare
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.results import mean_items, talk

#: Where a record's header begins: behind the version and the header's length.
HEADER = 5


def run() -> Iterator[Figure]:
    """Encode and decode of partial results of 20 words."""
    records = talk("talk", 2)
    encoded = list(map(encode, records))
    headers = [data[HEADER:] for data in encoded]

    def ours() -> None:
        for record, data in zip(records, encoded, strict=True):
            encode(record)
            decode(data)

    cost, baseline = compare(ours, lambda: loads_and_dumps(headers))
    yield Figure(
        name=f"codec: encode + decode, {mean_items(records):.0f} words and marks a record",
        value=cost / len(records) * 1e6,
        unit="us CPU",
        baseline=baseline / len(records) * 1e6,
        against="orjson.loads + dumps",
        bound=Bound("ratio", "<=", 4),
    )


def loads_and_dumps(headers: list[bytes]) -> None:
    """The baseline: JSON in and out of each, by orjson alone."""
    for header in headers:
        orjson.dumps(orjson.loads(header))
