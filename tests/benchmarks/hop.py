"""How long a record takes from one stage to the next on LocalStack, on both hosts, against a bare boto3 loop.

Each record is timed twice from before the same put: until dedup emits its segment, and until a bare loop that reads
the same shard as often has it. So each hop has one put and one read in it, and hops add up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from infra.local.localstack.server import LocalStack
from tests.benchmarks.bare_loop import BareLoop
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.segments import Segments
from tests.end_to_end.deployment import ROOT, deployed
from tests.end_to_end.kcl_worker import Worker

#: The lowest read interval, in s, as workers are told and as the bare loop has it.
INTERVAL = 0.25
#: How many records are put, one a read interval on average, and the s in which the last of them must be out.
_RECORDS, _SETTLE = 120, 3
#: Moves each put on by this part of a read interval: so they fall on all moments between two reads alike.
_GOLDEN = 0.618034
_BOUND = Bound("ratio", "<=", 1.3)


class Hops(NamedTuple):
    """How long (s) each record took, until the stage emitted it and until the bare loop had it."""

    stage: list[float]
    bare: list[float]

    def figures(self, host: str) -> Iterator[Figure]:
        """Both at p50, which is bound, and at p99."""
        stage, bare = (quantiles(seconds, n=100) for seconds in self)
        for percent, bound in ((50, _BOUND), (99, None)):
            yield Figure(
                name=f"hop: put until dedup emits, on {host}, read every {INTERVAL * 1000:.0f} ms, p{percent}",
                value=stage[percent - 1] * 1000,
                unit="ms",
                baseline=bare[percent - 1] * 1000,
                against="put until a bare boto3 loop gets",
                bound=bound,
            )


def run() -> Iterator[Figure]:
    """The local host's and KCL's, one after the other on streams of their own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack() as localstack,
        deployed(localstack, Path(folder), WORKER_READ_INTERVAL=str(INTERVAL)) as local_deployment,
        deployed(localstack, Path(folder), WORKER_READ_INTERVAL=str(INTERVAL)) as kcl_deployment,
    ):
        hosts = {"the local host": Segments(localstack, local_deployment), "KCL": Segments(localstack, kcl_deployment)}
        worker = Worker(kcl_deployment, "dedup")
        with _local_worker(local_deployment.environment):
            # Both are up before either is measured: starting takes all cores.
            for segments in hosts.values():
                segments.until_emitted(segments.put())
            for host, segments in hosts.items():
                yield from measure(segments).figures(host)
        assert worker.terminate() == 0


def measure(segments: Segments) -> Hops:
    """Puts records, 0.15 s or 0.4 s apart, for a stage that is up."""
    put_at: dict[int, float] = {}
    with BareLoop(segments.kinesis, segments.stream, INTERVAL) as bare:
        start = time.monotonic()
        for turn in range(_RECORDS):
            due = start + INTERVAL * (turn + turn * _GOLDEN % 1)
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.time()
            put_at[segments.put()] = began
        time.sleep(_SETTLE)
    emitted = segments.emitted()
    return Hops(
        [emitted[number] - at for number, at in put_at.items()],
        [bare.arrivals[number] - at for number, at in put_at.items()],
    )


@contextmanager
def _local_worker(environment: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.benchmarks.local_worker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            yield
        finally:
            process.kill()
