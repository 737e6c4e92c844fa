"""Wrong usage, told with the command whose help says what is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer


def described(error: typer.TyperException, app: typer.Typer, arguments: Sequence[str]) -> str:
    """What is wrong, and whose help to see: the command's of the error, or else of the arguments."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else _path(typer.main.get_command(app), arguments)
    return f"{error.format_message().rstrip('.')}; see {command} --help"


def _path(group: Any, arguments: Sequence[str]) -> str:
    """The command that the arguments lead to; the parser fails at some options without saying whose they are."""
    path = ["llt"]
    for argument in arguments:
        commands = getattr(group, "commands", {})
        if argument in commands:
            group = commands[argument]
            path.append(argument)
        elif not argument.startswith("-"):
            break
    return " ".join(path)
