"""`llt workers`: who works on which shard, and how far behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from cli.backend import NAMES
from cli.console import Console, put_json
from cli.formatting import short_shard
from cli.options import JsonOption
from cli.table import cell, table
from cli.workers.report import Report, Row, State
from shared.settings import Settings

_STYLES = {State.OWNED: "green", State.STALE: "red", State.FREE: "yellow", State.UNLEASED: "yellow", State.ENDED: "dim"}


def workers(*, as_json: JsonOption = False) -> None:
    """Show the shards of every KCL application: who works on them, and how far behind."""
    settings = Settings.load(only=(*NAMES, "KCL_FAILOVER_TIME", "KCL_INITIAL_POSITION"))
    report = Report(settings)
    with Console(stderr=True).status("Looking at leases and shards ..."):
        rows = asyncio.run(report.rows())
    if as_json:
        put_json([asdict(row) for row in rows])
    elif rows:
        _print(rows, settings.stream_prefix)
    else:
        Console().print("There is no KCL application on these streams; `llt worker STAGE` starts one.")


def _print(rows: Sequence[Row], stream_prefix: str) -> None:
    columns = "application", "stream", "shard", "owner", "state", "checkpoint age", "lag"
    shown = table(*columns, right=("shard", "checkpoint age", "lag"))
    for row in rows:
        shown.add_row(
            cell(row.application),
            cell(row.stream.removeprefix(f"{stream_prefix}-")),
            cell(short_shard(row.shard)),
            cell(row.owner or "-"),
            cell(row.state, _STYLES[row.state]),
            cell(_age(row)),
            cell("?" if row.lag_ms is None else _span(row.lag_ms)),
        )
    Console().print(shown)


def _age(row: Row) -> str:
    """The checkpoint's age; where it is no record, a dash."""
    if row.checkpoint_age_ms is not None:
        return _span(row.checkpoint_age_ms)
    return "?" if row.checkpoint is not None and row.checkpoint.isdecimal() else "-"


def _span(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"
