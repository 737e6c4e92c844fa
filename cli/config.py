"""`llt config`: the settings this process would run with."""

from __future__ import annotations

import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.environment import origin
from cli.options import JsonOption
from shared.settings import Settings

app = typer.Typer(help="The settings, and where their values come from.")


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own: Typer makes a lone command the whole application."""


@app.command()
def show(*, as_json: JsonOption = False) -> None:
    """Show every setting, its value, its range and where the value comes from."""
    settings = Settings.load()
    if as_json:
        shown = {
            name: {"value": getattr(settings, name.lower()), "range": span, "from": origin(name), "help": help_text}
            for name, _, span, help_text in settings.describe()
        }
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "from"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it is, and its range")
    for name, value, span, help_text in settings.describe():
        source = origin(name)
        table.add_row(name, value or '""', source, f"{help_text} ({span})", style="" if source == "default" else "bold")
    Console().print(table)
