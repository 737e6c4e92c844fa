"""The commands of `llt`, as Typer has them, and what a document may say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from cli.main import app

LLT: Any = typer.main.get_command(app)


def starts_of_llt(command: list[str]) -> Iterator[int]:
    """Where the words behind `llt`, or `python -m cli`, begin: an image may be called llt, too."""
    for index, word in enumerate(command):
        begins = all("=" in before or before in ("env", "exec") for before in command[:index])
        if (word == "llt" and begins) or word.endswith("bin/llt") or command[index - 1 : index + 1] == ["-m", "cli"]:
            yield index + 1


def unknown_to_llt(words: list[str]) -> list[str]:
    """The command, or those of its options, that `llt` does not have."""
    command, rest = LLT, list(words)
    while hasattr(command, "commands"):
        own = {name for option in command.params for name in option.opts} | {"-h", "--help"}
        while rest and rest[0].startswith("-"):
            if (option := rest.pop(0)) not in own:
                return [option]
        if not rest or rest[0].isupper() or rest[0] == "...":
            return []
        if rest[0] not in command.commands:
            return [rest[0]]
        command = command.commands[rest.pop(0)]
    known = {name for option in command.params for name in option.opts} | {"-h", "--help"}
    return [word for word in rest if word.startswith("-") and word != "-" and word.partition("=")[0] not in known]


def options(command: Any) -> set[str]:
    """The options of the command, and of all below it."""
    own = {name for option in command.params for name in option.opts}
    return own.union(*(options(below) for below in getattr(command, "commands", {}).values()))
