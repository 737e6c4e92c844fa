"""A stream of segments, filled one by one, and what dedup makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import boto3

from infra.local.localstack.server import REGION, LocalStack
from shared.codec import decode, encode
from shared.models import Segment
from tests.end_to_end.deployment import Deployment
from tests.support.localstack import records_on
from tests.support.waiting import wait_until


class Segments:
    """The segments of one session on the streams of a deployment, which have one shard each."""

    def __init__(self, localstack: LocalStack, deployment: Deployment) -> None:
        self.kinesis: Any = boto3.client(
            "kinesis",
            endpoint_url=localstack.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.stream = f"{deployment.prefix}-segments"
        self._output = f"{deployment.prefix}-unique-segments"
        self._number = 0
        deployment.run("sessions", "create", "talk")

    def put(self) -> int:
        """Puts the next segment; returns its number."""
        self._number += 1
        segment = Segment(
            session="talk",
            captured_at=round(time.time() * 1000),
            number=self._number,
            language="en",
            text=f"word {self._number}",
            start=self._number * 1000,
            end=self._number * 1000 + 900,
        )
        self.kinesis.put_record(StreamName=self.stream, PartitionKey="talk", Data=encode(segment))
        return self._number

    def emitted(self) -> Mapping[int, float]:
        """When (epoch s) dedup emitted each segment that it has put on its own stream."""
        records = map(decode, records_on(self.kinesis, self._output))
        return {record.number: record.hops["dedup"] / 1000 for record in records if isinstance(record, Segment)}

    def until_emitted(self, number: int) -> float:
        """When (epoch s) dedup emitted the segment, once it has."""
        wait_until(lambda: number in self.emitted(), f"segment {number}")
        return self.emitted()[number]
