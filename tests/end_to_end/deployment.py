"""Streams and tables of a test's own in LocalStack, and `llt` on them, as a user's terminals run it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.localstack.server import LocalStack
from tests.end_to_end.pipeline_run import DEMO, RECORDING
from tests.support.localstack import program_environment
from tests.support.waiting import TIMEOUT

ROOT = Path(__file__).parents[2]


class LltProcess:
    """One running command; what it prints goes to files, so that it never waits for us."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.arguments = tuple(arguments)
        name = f"{arguments[0]}-{uuid.uuid4().hex[:6]}"
        self._out = folder / f"{name}.out"
        self._err = folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", *arguments], cwd=folder, env=environment, stdout=out, stderr=err
            )

    @property
    def stdout(self) -> str:
        """Its standard output so far."""
        return self._out.read_text()

    @property
    def stderr(self) -> str:
        """Its standard error so far."""
        return self._err.read_text()

    def stderr_from_now(self) -> Callable[[], str]:
        """What it will have written to standard error since this call."""
        seen = len(self.stderr)
        return lambda: self.stderr[seen:]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines of `llt listen --json` so far."""
        return [json.loads(line) for line in self.stdout.splitlines(keepends=True) if line.endswith("\n")]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Its events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    def until(self, happened: Callable[[LltProcess], Any]) -> None:
        """Waits until it has happened; fails where the command ends before."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            # Looked at first: what it says at its very end has happened too.
            over = self.process.poll() is not None
            if happened(self):
                return
            assert not over, f"it ended with {self.process.returncode}: {self.stderr}"
            assert time.monotonic() < deadline, f"it never happened; printed {self.stdout!r} {self.stderr!r}"
            time.sleep(0.05)

    def ended(self) -> int:
        """Waits for its end; returns its exit code."""
        return self.process.wait(TIMEOUT)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(TIMEOUT)

    def interrupt(self) -> int:
        """Ctrl-C; returns its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.ended()


class Deployment:
    """Streams and tables that begin with a prefix of their own, and the commands that run on them."""

    def __init__(self, localstack: LocalStack, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.prefix = f"test-{uuid.uuid4().hex[:8]}"
        self.environment = {
            **program_environment(localstack),
            "PYTHONPATH": str(ROOT),
            "STREAM_PREFIX": self.prefix,
            "TABLE_PREFIX": f"{self.prefix}-",
            "RECOGNISER": f"scripted:{DEMO / 'recording.moonshine.jsonl'}",
            "COLUMNS": "200",
            **settings,
        }
        self._running: list[LltProcess] = []

    def llt(self, *arguments: str, **environment: str) -> LltProcess:
        """Starts a command."""
        process = LltProcess(arguments, {**self.environment, **environment}, self.folder)
        self._running.append(process)
        return process

    def run(self, *arguments: str) -> str:
        """Runs a command to its end, which must be a good one; returns what it printed."""
        process = self.llt(*arguments)
        assert process.ended() == 0, process.stderr
        return process.stdout

    def up(self) -> LltProcess:
        """`llt up`, once it is up."""
        process = self.llt("up", "--streams", "kinesis")
        process.until(lambda up: "are up" in up.stdout)
        return process

    def listen(self, session: str, language: str | None = None, *options: str) -> LltProcess:
        """`llt listen --json` to the captions of a language, once it is subscribed."""
        chosen = ("--language", language) if language else ()
        process = self.llt("listen", session, *chosen, "--streams", "kinesis", "--json", *options)
        process.until(lambda listener: listener.events)
        return process

    def speak(self, session: str, file: Path = RECORDING, *options: str) -> LltProcess:
        """`llt speak`."""
        return self.llt("speak", str(file), "--session", session, "--to", "es,ca", "--streams", "kinesis", *options)

    def close(self) -> None:
        """Ends what still runs."""
        for process in self._running:
            if process.process.poll() is None:
                process.kill()


@contextmanager
def deployed(localstack: LocalStack, folder: Path, *, shards: int = 1, **settings: str) -> Iterator[Deployment]:
    """A deployment whose streams and tables are there."""
    opened = Deployment(localstack, folder, **settings)
    try:
        opened.run("streams", "create", "--shards", str(shards))
        yield opened
        opened.run("streams", "delete", "--yes")
    finally:
        opened.close()
