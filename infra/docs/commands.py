"""The pages of `llt`'s commands, from what Typer knows of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from cli.main import app
from infra.docs.markdown import WIDTH, code, table


class Command(NamedTuple):
    """A command: its words behind `llt`, and what Typer made of its function."""

    words: str
    made: Any

    @property
    def arguments(self) -> list[Any]:
        """What is given by its place."""
        return [parameter for parameter in self.made.params if parameter.param_type_name == "argument"]

    @property
    def options(self) -> list[Any]:
        """What is given by its name, `--help` aside."""
        return [parameter for parameter in self.made.params if parameter.param_type_name == "option"]

    @property
    def line(self) -> str:
        """The command with its arguments, as it is typed."""
        return " ".join(("llt", self.words, *(_argument(argument) for argument in self.arguments)))


def commands() -> Iterator[Command]:
    """Every command, groups opened, in the order of `llt --help`."""
    yield from _within(typer.main.get_command(app), "")


def _within(group: Any, words: str) -> Iterator[Command]:
    for name, made in group.commands.items():
        if hasattr(made, "commands"):
            yield from _within(made, f"{words}{name} ")
        else:
            yield Command(f"{words}{name}", made)


def table_of_commands() -> str:
    """Every command in a line, with a link to its section."""
    return table(
        ("command", "what it does"),
        (
            (f"[`{command.line}`](#llt-{command.words.replace(' ', '-')})", command.made.help.partition("\n")[0])
            for command in commands()
        ),
    )


def sections() -> str:
    """A section a command: what it does, its arguments and its options."""
    return "\n" + "".join(_section(command) for command in commands())


def _section(command: Command) -> str:
    rows = [(code(_argument(argument)), _default(argument), argument.help) for argument in command.arguments]
    rows += [(code(_option(option)), _default(option), option.help) for option in command.options]
    told = "\n\n".join(textwrap.fill(" ".join(part.split()), WIDTH) for part in command.made.help.split("\n\n"))
    shown = table(("argument or option", "default", "what it is"), rows) if rows else "\n"
    return f"### llt {command.words}\n\n{told}\n{shown}"


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _option(option: Any) -> str:
    names = ", ".join(option.opts)
    return names if option.is_flag else f"{names} {option.metavar or option.name.rpartition('_')[2].upper()}"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    return "" if parameter.default is None or parameter.default is False else code(str(parameter.default))
