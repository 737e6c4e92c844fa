"""Tiny workers in processes of their own, on a stream and an application that no other test has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from infra.local.localstack.server import LocalStack
from tests.support.localstack import Observer, program_environment
from tests.support.waiting import TIMEOUT, wait_until

ROOT = Path(__file__).parents[5]
#: What the daemon's command line holds.
MAIN = "software.amazon.kinesis.multilang.MultiLangDaemon"


class WorkerProcess:
    """One running worker, and what its children wrote down."""

    def __init__(self, command: list[str], environ: Mapping[str, str], folder: Path) -> None:
        self._notes = folder / f"{uuid.uuid4().hex[:6]}.jsonl"
        self._err = self._notes.with_suffix(".err")
        self.started_at = time.time()
        with self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env={**environ, "CHILD_LOG": str(self._notes)}, stdout=err, stderr=err
            )

    @property
    def log(self) -> str:
        return self._err.read_text()

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What its children did, in order."""
        if not self._notes.exists():
            return []
        return [json.loads(line) for line in self._notes.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [note for note in self.notes if note["event"] == event]

    def texts(self) -> list[str]:
        return [note["text"] for note in self.of("record")]

    def until_up(self) -> None:
        """Waits until its daemon works."""
        wait_until(lambda: '"up"' in self.log or self.process.poll() is not None, f"up in {self.log}")
        assert self.process.poll() is None, self.log

    def until_has(self, *texts: str) -> None:
        """Waits until its children have had these records."""
        wait_until(lambda: set(texts) <= set(self.texts()) or self.process.poll() is not None, f"{texts} in {self.log}")
        assert set(texts) <= set(self.texts()), self.log

    def daemon(self) -> psutil.Process:
        """Its Java process."""

        def java() -> list[psutil.Process]:
            with suppress(psutil.Error):
                # Its version is asked for before.
                return [process for process in self.family() if MAIN in process.cmdline()]
            return []

        wait_until(java, f"java in {self.log}")
        (found,) = java()
        return found

    def child(self) -> psutil.Process:
        """The newest of its children."""
        return psutil.Process(self.of("started")[-1]["pid"])

    def family(self) -> list[psutil.Process]:
        """Every process below it."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> int:
        """SIGTERM; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)

    def kill(self) -> None:
        """`kill -9` of the supervisor alone."""
        self.process.kill()
        self.process.wait(TIMEOUT)


class WorkerHarness:
    """A stream, its application and the workers on it."""

    def __init__(self, localstack: LocalStack, observer: Observer, folder: Path) -> None:
        prefix = f"test-{uuid.uuid4().hex[:8]}"
        self.stream, self.application = f"{prefix}-transcripts", f"{prefix}-stability"
        self.folder = folder
        self.environ = {**program_environment(localstack), "PYTHONPATH": str(ROOT), "STREAM_PREFIX": prefix}
        self.kinesis, self.dynamodb = observer.client("kinesis"), observer.client("dynamodb")
        self.workers: list[WorkerProcess] = []

    def worker(
        self,
        slot: int = 1,
        *,
        python: str = sys.executable,
        environ: Mapping[str, str] | None = None,
        **timeouts: float,
    ) -> WorkerProcess:
        """Starts one."""
        command = [python, "-m", "tests.integration.processors.hosts.kcl.tiny_worker", str(slot), json.dumps(timeouts)]
        started = WorkerProcess(command, {**self.environ, **(environ or {})}, self.folder)
        self.workers.append(started)
        return started

    def put(self, *texts: str) -> None:
        for text in texts:
            self.kinesis.put_record(StreamName=self.stream, PartitionKey=text, Data=text.encode())

    def leases(self) -> dict[str, dict[str, Any]]:
        """The lease table's rows by shard, as DynamoDB has them."""
        rows = self.dynamodb.scan(TableName=self.application, ConsistentRead=True)["Items"]
        return {row["leaseKey"]["S"]: row for row in rows}

    def owners(self) -> dict[str, str | None]:
        return {shard: row.get("leaseOwner", {}).get("S") for shard, row in self.leases().items()}

    def close(self) -> None:
        """Ends what still runs."""
        for worker in self.workers:
            for pid in [*(process.pid for process in worker.family()), worker.process.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            worker.process.wait(TIMEOUT)
        with suppress(self.kinesis.exceptions.ResourceNotFoundException):
            self.kinesis.delete_stream(StreamName=self.stream)
        for suffix in ("", "-CoordinatorState", "-WorkerMetricStats"):
            try:
                self.dynamodb.delete_table(TableName=self.application + suffix)
            except self.dynamodb.exceptions.ResourceNotFoundException:
                continue


@contextmanager
def worker_harness(
    localstack: LocalStack, observer: Observer, folder: Path, *, shards: int = 1
) -> Iterator[WorkerHarness]:
    """A harness whose stream is there."""
    opened = WorkerHarness(localstack, observer, folder)
    opened.kinesis.create_stream(StreamName=opened.stream, ShardCount=shards)
    opened.kinesis.get_waiter("stream_exists").wait(StreamName=opened.stream, WaiterConfig={"Delay": 1})
    try:
        yield opened
    finally:
        opened.close()
