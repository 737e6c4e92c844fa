"""What waiting for speech costs: CPU of `llt up` and `llt listen` on streams of two shards, against a bare boto3 loop.

The baseline reads as many shards once a second with nothing but boto3: what any reader must spend.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from infra.local.localstack.server import LocalStack
from tests.end_to_end.deployment import deployed

#: Seconds from a command's start until it idles, and for which it is measured.
_SETTLE, _MEASURE = 20.0, 40.0
#: Per cent of a core that each may use.
_BOUNDS = {"llt up": 10.0, "llt listen": 3.0}
#: Shards that each reads: five streams, and three (transcripts and unique-segments, or translations and speech).
_READS = {"llt up": 10, "llt listen": 4}
_BARE = """
import sys, time, boto3
kinesis = boto3.client("kinesis", region_name="us-east-1")
stream, count = sys.argv[1], int(sys.argv[2])
shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
start = dict(StreamName=stream, ShardId=shard, ShardIteratorType="LATEST")
iterators = [kinesis.get_shard_iterator(**start)["ShardIterator"] for _ in range(count)]
while True:
    iterators = [kinesis.get_records(ShardIterator=iterator)["NextShardIterator"] for iterator in iterators]
    time.sleep(1)
"""


def main() -> int:
    """Prints the table; the exit code is 1 where a bound does not hold."""
    holds = True
    with tempfile.TemporaryDirectory() as folder, LocalStack() as localstack:
        with deployed(localstack, Path(folder), shards=2) as deployment:
            up = deployment.up().process
            deployment.run("sessions", "create", "talk")
            listen = deployment.listen("talk", "es", "--captions", "--audio", "es.wav").process
            bare = {
                name: _bare(f"{deployment.prefix}-audio", shards, deployment.environment)
                for name, shards in _READS.items()
            }
            measured = _measure([up, listen, *bare.values()])
            for process in bare.values():
                process.kill()
                process.wait()
        print(f"{'':12}{'% of a core':>12}{'bare boto3':>12}{'ratio':>8}{'bound':>8}")
        for name, own, baseline in zip(_READS, measured[:2], measured[2:], strict=True):
            print(f"{name:12}{own:12.1f}{baseline:12.1f}{own / baseline:8.1f}{_BOUNDS[name]:8.1f}")
            holds = holds and own < _BOUNDS[name]
    return 0 if holds else 1


def _bare(stream: str, shards: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _BARE, stream, str(shards)], env=environment)


def _measure(processes: Sequence[subprocess.Popen[bytes]]) -> list[float]:
    """Per cent of a core that each uses."""
    watched = [psutil.Process(process.pid) for process in processes]
    time.sleep(_SETTLE)
    before = [_cpu(process) for process in watched]
    time.sleep(_MEASURE)
    return [(_cpu(process) - spent) / _MEASURE * 100 for process, spent in zip(watched, before, strict=True)]


def _cpu(process: psutil.Process) -> float:
    """Seconds of CPU that it and its children have used."""
    return sum(sum(part.cpu_times()[:2]) for part in (process, *process.children(recursive=True)))


if __name__ == "__main__":
    sys.exit(main())
