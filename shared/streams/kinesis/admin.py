"""Making the streams of a prefix, looking at them and deleting them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.aws import Aws, AwsError
from shared.backoff import delays, retry_while_unavailable
from shared.errors import ResourceMissing, StreamUnavailable
from shared.streams.names import StreamName

#: Seconds for a stream to become active, or to be gone.
_LIMIT = 300.0
#: Attempts at a call that is refused for now: only so many a second are allowed.
_ATTEMPTS = 6
_CREATING, _DELETING, _MISSING = "creating", "deleting", "missing"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A stream's name, what Kinesis says of it, such as `active`, or `missing`, and how many shards are open."""

    name: str
    status: str
    shards: int


class StreamAdmin:
    """All streams whose names begin with `prefix`. Raises StreamUnavailable where Kinesis does not answer in time."""

    def __init__(self, aws: Aws, prefix: str) -> None:
        self._client = aws.client("kinesis", StreamUnavailable)
        self._names = [f"{prefix}-{name}" for name in StreamName]

    async def create(self, shards: int) -> None:
        """Makes what is missing, with so many shards each; returns once every stream is active."""
        await self._settled(_DELETING)
        for name in self._names:
            try:
                await self._create(name, shards)
            except AwsError as error:
                if error.code != "ResourceInUseException":
                    raise
        await self._settled(_CREATING)

    async def list(self) -> Sequence[StreamStatus]:
        """Each stream as it is now."""
        return [await self._status(name) for name in self._names]

    async def delete(self) -> None:
        """Deletes every stream, with all that is on it; returns once they are gone."""
        for found in await self.list():
            if found.status not in (_MISSING, _DELETING):
                await self._call("delete_stream", StreamName=found.name, EnforceConsumerDeletion=True)
        await self._settled(_DELETING)

    async def _create(self, name: str, shards: int) -> None:
        try:
            await self._call("create_stream", StreamName=name, ShardCount=shards)
        except StreamUnavailable:
            # Only five streams may be in the making at once.
            if not any(found.status == _CREATING for found in await self.list()):
                raise
            await self._settled(_CREATING)
            await self._call("create_stream", StreamName=name, ShardCount=shards)

    async def _settled(self, passing: str) -> None:
        """Returns once no stream has that status any more."""
        try:
            async with asyncio.timeout(_LIMIT):
                for name in self._names:
                    for wait in delays():
                        if (await self._status(name)).status != passing:
                            break
                        await asyncio.sleep(wait)
        except TimeoutError:
            raise StreamUnavailable(
                f"streams that are {passing} have not settled within {_LIMIT:g} s; look at them again"
            ) from None

    async def _status(self, name: str) -> StreamStatus:
        try:
            answer = await self._call("describe_stream_summary", StreamName=name)
        except ResourceMissing:
            return StreamStatus(name, _MISSING, 0)
        summary = answer["StreamDescriptionSummary"]
        return StreamStatus(name, summary["StreamStatus"].lower(), summary["OpenShardCount"])

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return await retry_while_unavailable(partial(self._client.call, operation, **parameters), _ATTEMPTS)
