"""`llt streams`: the Kinesis streams and DynamoDB tables of a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from cli.backend import NAMES
from cli.console import Console, print_line, put_json
from cli.options import JsonOption
from cli.outages import Outages
from cli.signals import stop_requested
from cli.table import cell, table
from cli.workers.tables import KclTables
from shared.aio import first_of
from shared.aws import Aws
from shared.aws.table_admin import TableStatus
from shared.aws.tables import create_tables, delete_tables, list_tables
from shared.errors import StoreUnavailable, StreamUnavailable
from shared.settings import Settings
from shared.streams.kinesis.admin import StreamAdmin, StreamStatus

#: A stream that is split or merged goes on being read and written.
_USABLE = ("active", "updating")
#: Seconds between two looks at whether everything is still there.
_INTERVAL = 2.0

app = typer.Typer(help="The Kinesis streams and DynamoDB tables that a pipeline runs on.")


@dataclass(frozen=True, slots=True)
class _Found:
    """What is there of a pipeline; `kcl` are the tables that KCL keeps for workers."""

    streams: Sequence[StreamStatus]
    tables: Sequence[TableStatus]
    kcl: Sequence[TableStatus]

    @property
    def lacking(self) -> Sequence[str]:
        """The names of what cannot be used: it is missing, being made or being deleted. KCL makes its own tables."""
        found: list[StreamStatus | TableStatus] = [*self.streams, *self.tables]
        return [item.name for item in found if item.status not in _USABLE]


class _Resources:
    """The streams and tables that the settings name, by the usual AWS means."""

    def __init__(self) -> None:
        settings = Settings.load(only=NAMES)
        self._aws = Aws()
        self._tables = settings.table_prefix
        self._streams = StreamAdmin(self._aws, settings.stream_prefix)
        self._kcl = KclTables(self._aws, settings)

    async def create(self, shards: int) -> _Found:
        await asyncio.gather(self._streams.create(shards), create_tables(self._aws, self._tables))
        return await self.find()

    async def keep(self, shards: int) -> None:
        """Makes again what goes missing, for ever; where AWS does not answer, it waits."""
        outages = Outages()
        while True:
            await asyncio.sleep(_INTERVAL)
            with suppress(StreamUnavailable, StoreUnavailable), outages.reported():
                if lacking := (await self.find()).lacking:
                    await self.create(shards)
                    print_line(f"Made again: {', '.join(lacking)}.")

    async def find(self) -> _Found:
        return _Found(
            *await asyncio.gather(self._streams.list(), list_tables(self._aws, self._tables), self._kcl.list())
        )

    async def delete(self) -> None:
        await asyncio.gather(self._streams.delete(), delete_tables(self._aws, self._tables), self._kcl.delete())


@app.command()
def create(
    shards: Annotated[int, typer.Option("--shards", min=1, max=500, help="Shards of each stream that is made.")] = 1,
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Stay until SIGTERM or Ctrl-C, and make again what goes missing.")
    ] = False,
) -> None:
    """Make every stream and table that is missing; those that are there stay as they are."""
    resources = _Resources()
    _print(_run("Making streams and tables ...", resources.create(shards)))
    if keep:
        asyncio.run(first_of(stop_requested(), resources.keep(shards)))


@app.command("list")
def list_(
    *,
    as_json: JsonOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 unless each is there; KCL's tables do not count.")
    ] = False,
) -> None:
    """Show each stream and table, and whether it is there."""
    found = _run("Looking ...", _Resources().find())
    if as_json:
        put_json(asdict(found))
    else:
        _print(found)
    if check and found.lacking:
        raise typer.Exit(1)


@app.command()
def delete(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete every stream and table, with all that is on them, and the tables that KCL keeps for workers."""
    resources = _Resources()
    found = _run("Looking ...", resources.find())
    there = [item.name for item in (*found.streams, *found.tables, *found.kcl) if item.status != "missing"]
    if there and not yes:
        typer.confirm(f"Delete {', '.join(there)}, with all that is on them?", abort=True)
    _run("Deleting streams and tables ...", resources.delete())
    Console().print(f"Deleted {len(there)} streams and tables.")


def _run(doing: str, work: Coroutine[Any, Any, Any]) -> Any:
    with Console(stderr=True).status(doing):
        return asyncio.run(work)


def _print(found: _Found) -> None:
    shown = table("stream or table", "state", "open shards", right=("open shards",))
    for stream in found.streams:
        shown.add_row(*map(cell, (stream.name, stream.status, stream.shards or "")))
    for item in (*found.tables, *found.kcl):
        shown.add_row(*map(cell, (item.name, item.status)))
    Console().print(shown)
