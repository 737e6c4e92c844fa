"""What the daemon and a child say to each other about one shard, in the MultiLang protocol."""

from __future__ import annotations

import base64
from typing import Any

from processors.hosts.checkpoints import Checkpoint
from shared.streams import Batch, ShardReader
from tests.conformance.host_under_test import HostEnvironment
from tests.conformance.kcl.child import Child

#: One checkpoint in so many is throttled, as where many workers share a table.
THROTTLED = 3


class ShardProtocol:
    """What a daemon and a child say to each other about one shard."""

    def __init__(
        self, child: Child, environment: HostEnvironment, place: tuple[str, Any, str], reader: ShardReader
    ) -> None:
        self._child = child
        self._environment = environment
        self._place = place
        self._reader = reader
        self._delivered = 0
        self._written = 0
        self._asked = 0
        self.ended = False

    async def initialize(self, after: int | None) -> None:
        self._written = self._delivered = after or 0
        sequence = "TRIM_HORIZON" if after is None else str(after)
        await self.say("initialize", shardId=self._place[2], sequenceNumber=sequence, subSequenceNumber=0)

    async def process_records(self, batch: Batch) -> None:
        if batch.items:
            self._delivered = batch.items[-1].sequence
        records = [
            {
                "action": "record",
                "data": base64.b64encode(item.data).decode(),
                "partitionKey": "key",
                "sequenceNumber": str(item.sequence),
                "subSequenceNumber": 0,
                "approximateArrivalTimestamp": item.arrived_at,
            }
            for item in batch.items
        ]
        await self.say("processRecords", records=records, millisBehindLatest=0 if batch.at_tip else 1000)

    async def say(self, action: str, **more: Any) -> None:
        """Says it, writes the checkpoints that the child asks for meanwhile, and returns once it has confirmed."""
        self._child.send({"action": action, **more})
        while (answer := await self._child.answer())["action"] == "checkpoint":
            error = await self._checkpoint(action, answer["sequenceNumber"])
            self._child.send({**answer, "error": error})
        assert answer == {"action": "status", "responseFor": action}

    async def _checkpoint(self, action: str, sequence: str | None) -> str | None:
        """Writes it, or names the exception by which KCL would refuse it; fails where no child may ask for it."""
        if action == "leaseLost":
            return "ShutdownException"
        self._asked += 1
        if self._asked % THROTTLED == 0:
            return "ThrottlingException"
        if sequence is None:
            assert action == "shardEnded", f"expected a checkpoint's number at {action}, got none"
            self.ended = True
            await self._environment.checkpoints.save(*self._place, Checkpoint(self._delivered, ended=True))
            self._reader.ack_until(self._delivered)
            return None
        # KCL would answer with an IllegalArgumentException, of which the child dies: but none may come to that.
        assert int(sequence) <= self._delivered, (
            f"checkpoint {sequence} is beyond the last delivered: {self._delivered}"
        )
        assert int(sequence) > self._written, f"checkpoint {sequence} does not rise above the last one: {self._written}"
        self._written = int(sequence)
        await self._environment.checkpoints.save(*self._place, Checkpoint(self._written))
        self._reader.ack_until(self._written)
        return None
