"""The daemon's side of the MultiLang protocol, with a child that is a process of its own."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.codec import encode
from shared.models import Segment
from tests.support.waiting import TIMEOUT

ROOT = Path(__file__).parents[5]
SCRIPTED_CHILD = Path(__file__).with_name("scripted_child.py")


class ChildProcess:
    """The daemon's side of the protocol."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._errors = folder / "errors"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, SCRIPTED_CHILD, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=ROOT,
                env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin"},
                text=True,
            )
        self._sequence = 0
        #: The numbers that were checkpointed, None for the shard's end.
        self.checkpoints: list[str | None] = []
        #: Why the next checkpoints are refused, one by one.
        self.refusals: list[str] = []

    def say(self, action: str, **more: Any) -> str | None:
        """Says it, takes checkpoints meanwhile, and returns what the child confirms; None where it has ended."""
        self._send({"action": action, **more})
        while (answer := self._answer()) is not None and answer["action"] == "checkpoint":
            error = self.refusals.pop(0) if self.refusals else None
            if error is None:
                self.checkpoints.append(answer["sequenceNumber"])
            self._send({**answer, "error": error})
        return None if answer is None else answer["responseFor"]

    def begin(self) -> None:
        """Gives the child its shard."""
        assert self.say("initialize", shardId="shard-1", sequenceNumber="TRIM_HORIZON", subSequenceNumber=0)

    def bring(self, *texts: str) -> str | None:
        """Brings segments of these texts, numbered from 1."""
        return self.bring_raw([encode(self._segment(text)) for text in texts])

    def bring_raw(self, records: Sequence[bytes]) -> str | None:
        """Brings bytes."""
        listed = []
        for data in records:
            self._sequence += 1
            listed.append(
                {
                    "action": "record",
                    "data": base64.b64encode(data).decode(),
                    "partitionKey": "talk",
                    "sequenceNumber": str(self._sequence),
                    "subSequenceNumber": 0,
                    "approximateArrivalTimestamp": 1,
                }
            )
        return self.say("processRecords", records=listed, millisBehindLatest=700)

    def bring_nothing(self, until: str) -> None:
        """Polls that find nothing, until a number is checkpointed."""
        deadline = time.monotonic() + TIMEOUT
        while until not in self.checkpoints:
            assert time.monotonic() < deadline, f"{until} was never checkpointed, only {self.checkpoints}"
            assert self.bring_raw([]) == "processRecords"

    def ended(self) -> int:
        """Closes the child's input and returns its exit code."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(TIMEOUT)

    @property
    def errors(self) -> list[str]:
        """The lines on standard error."""
        return self._errors.read_text().splitlines()

    @property
    def heartbeats(self) -> list[dict[str, Any]]:
        """The heartbeats on standard error."""
        return [json.loads(line)["heartbeat"] for line in self.errors if line.startswith('{"heartbeat"')]

    def close(self) -> None:
        """Ends the child in any case."""
        self.process.kill()
        self.process.wait(TIMEOUT)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            with suppress(BrokenPipeError):
                pipe.close()

    def _segment(self, text: str) -> Segment:
        return Segment(session="talk", captured_at=0, number=1, language="en", text=text, start=0, end=1)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any] | None:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            if line.strip():
                answer: dict[str, Any] = json.loads(line)
                return answer
        return None
