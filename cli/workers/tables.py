"""The DynamoDB tables that the Kinesis Client Library keeps for a pipeline's applications."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from cli.workers.patience import patiently
from processors.hosts.kcl.application import applications
from shared.aws import Aws, AwsError
from shared.aws.tables import TableStatus
from shared.backoff import delays
from shared.errors import ResourceMissing, StoreUnavailable
from shared.settings import Settings

#: Seconds for the tables to be gone.
_LIMIT = 120.0


class KclTables:
    """Those of every application on the settings' prefixes. Its methods may raise StoreUnavailable and SetupError."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._client = aws.client("dynamodb", StoreUnavailable)
        self._names = [name for application in applications(settings) for name in application.tables]

    async def names(self) -> list[str]:
        """The names of those that exist."""
        there: set[str] = set()
        page: dict[str, str] = {}
        while True:
            # One call for a hundred tables, where asking for each name would be 45.
            answer = await patiently(partial(self._client.call, "list_tables", **page))
            there.update(answer["TableNames"])
            if "LastEvaluatedTableName" not in answer:
                return [name for name in self._names if name in there]
            page = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}

    async def list(self) -> Sequence[TableStatus]:
        """Those that exist, and what DynamoDB says of each."""
        names = await self.names()
        states = await asyncio.gather(*(self._state(name) for name in names))
        return [TableStatus(name, state.lower()) for name, state in zip(names, states, strict=True) if state]

    async def delete(self) -> None:
        """Drops them and returns once all are gone: leases and checkpoints would carry over to streams made anew."""
        left: Sequence[TableStatus] = ()
        try:
            async with asyncio.timeout(_LIMIT):
                for wait in delays():
                    left = await self.list()
                    if not left:
                        return
                    await asyncio.gather(*(self._drop(table.name) for table in left if table.status != "deleting"))
                    await asyncio.sleep(wait)
        except TimeoutError:
            names = ", ".join(table.name for table in left)
            raise StoreUnavailable(f"{names} not gone within {_LIMIT:g} s; look again") from None

    async def _state(self, name: str) -> str:
        """The table's status in DynamoDB's own word, empty where it is gone."""
        try:
            answer = await self._client.call("describe_table", TableName=name)
        except ResourceMissing:
            return ""
        return str(answer["Table"]["TableStatus"])

    async def _drop(self, name: str) -> None:
        try:
            await self._client.call("delete_table", TableName=name)
        except ResourceMissing:
            pass
        except AwsError as error:
            # It is changing just now: another try is for later.
            if error.code != "ResourceInUseException":
                raise
