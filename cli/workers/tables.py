"""The DynamoDB tables that the Kinesis Client Library keeps for a pipeline's applications."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from processors.hosts.kcl.application import applications
from shared.aws import Aws
from shared.aws.table_admin import TableStatus, dropped, settle, status
from shared.backoff import retry_while_unavailable
from shared.errors import StoreUnavailable
from shared.settings import Settings


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
            answer = await retry_while_unavailable(partial(self._client.call, "list_tables", **page))
            there.update(answer["TableNames"])
            if "LastEvaluatedTableName" not in answer:
                return [name for name in self._names if name in there]
            page = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}

    async def list(self) -> Sequence[TableStatus]:
        """Those that exist, and what DynamoDB says of each."""
        names = await self.names()
        states = await asyncio.gather(*(status(self._client, name) for name in names))
        return [TableStatus(name, state.lower()) for name, state in zip(names, states, strict=True) if state]

    async def delete(self) -> None:
        """Drops them and returns once all are gone: leases and checkpoints would carry over to streams made anew."""
        await settle({name: partial(dropped, self._client, name) for name in await self.names()}, "gone")
