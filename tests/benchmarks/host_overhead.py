"""What the local host costs a record, beyond the operators that it runs, and how much of that is the codec.

Stability and dedup are fused in one host over memory streams. Each result comes alone, as it does live, 200 ms of
virtual time behind the one before: the loop and its tasks wake for every one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from shared.codec import decode, encode
from shared.sessions import MemorySessionStore
from shared.streams import Entry, MemoryStream, StreamName
from tests.benchmarks.bare_operators import TALK, decide
from tests.benchmarks.costs import compare, cpu
from tests.benchmarks.figure import Figure
from tests.benchmarks.results import mean_items, talk
from tests.support import virtual_time
from tests.support.virtual_time import VirtualClock

#: Seconds between two results, and how often each is measured.
_EVERY, _ROUNDS = 0.2, 15


def run() -> Iterator[Figure]:
    """A minute of results of 20 words, on the host and by direct calls."""
    records = talk(TALK.id, 1)
    entries = [Entry(record.key, encode(record)) for record in records]
    emitted = virtual_time.run(decide(records, _EVERY))

    def on_host() -> None:
        virtual_time.run(_host(entries))

    def codec() -> None:
        for entry in entries:
            decode(entry.data)
        for record in emitted:
            encode(record)

    hosted, direct = compare(on_host, lambda: virtual_time.run(decide(records, _EVERY)), _ROUNDS)
    coded = min(cpu(codec) for _ in range(_ROUNDS))
    yield Figure(
        name=f"host_overhead: stability + dedup on the local host, {mean_items(records):.0f} words and marks a record",
        value=hosted / len(records) * 1e6,
        unit="us CPU",
        baseline=direct / len(records) * 1e6,
        against="operators called directly",
    )
    yield Figure(
        name="host_overhead: the codec's part of what the host adds",
        value=coded / len(records) * 1e6,
        unit="us CPU",
        baseline=(hosted - direct) / len(records) * 1e6,
        against="added by the host",
    )


async def _host(entries: Sequence[Entry]) -> None:
    """Runs a host on entries that come one by one."""
    clock = VirtualClock()
    streams = {name: MemoryStream(name, clock=clock) for name in StreamName}
    store = MemorySessionStore()
    await store.create(TALK)
    host = LocalHost([[StabilityStage(), DedupStage()]], streams, store, clock=clock)
    host.start()
    for entry in entries:
        await streams[StreamName.TRANSCRIPTS].publish([entry])
        await asyncio.sleep(_EVERY)
    await host.stop()
    assert streams[StreamName.UNIQUE_SEGMENTS].retained()
    assert not streams[StreamName.DEAD_LETTERS].retained()
