"""`llt config`: the settings this process would run with."""

from __future__ import annotations

import os

import typer
from rich.markup import escape
from rich.table import Table

from cli.console import Console, put_json
from cli.environment import AWS, origin
from cli.options import JsonOption
from processors.engines.registry import ENGINES, listed
from processors.engines.spec import EngineKind
from shared.clean import clean
from shared.settings import Settings

app = typer.Typer(help="The settings, and where their values come from.")


@app.callback()
def _group() -> None:
    """Keeps `show` a command of its own: Typer makes a lone command the whole application."""


@app.command()
def show(*, as_json: JsonOption = False) -> None:
    """Show every setting, its value, its range and where the value comes from; and where AWS is looked for."""
    settings = Settings.load()
    choices = {kind.setting: listed(ENGINES.known(kind)) for kind in EngineKind}
    if as_json:
        shown = {
            name: {
                "value": getattr(settings, name.lower()),
                "range": choices.get(name, span),
                "from": origin(name),
                "help": help_text,
            }
            for name, _, span, help_text in settings.describe()
        }
        shown |= {
            name: {"value": _aws(name), "range": "text", "from": origin(name), "help": help_text}
            for name, (help_text, _) in AWS.items()
        }
        put_json(shown)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("setting", "value", "from"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it is, and its range")
    for name, value, span, help_text in settings.describe():
        _add(table, name, value or '""', f"{help_text} ({choices.get(name, span)})")
    for name, (help_text, _) in AWS.items():
        _add(table, name, _aws(name) or "-", help_text)
    Console().print(table)


def _add(table: Table, name: str, value: str, help_text: str) -> None:
    source = origin(name)
    if source == "default" and name in AWS:
        source = "-"
    table.add_row(name, escape(clean(value)), source, help_text, style="" if source in ("default", "-") else "bold")


def _aws(name: str) -> str | None:
    """The value; of a secret only that there is one."""
    value = os.environ.get(name)
    return "set" if value and AWS[name][1] else value or None
