"""Options that several commands take."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from shared.errors import SettingError

StreamsOption = Annotated[
    str | None, typer.Option("--streams", help="Where the streams are: kinesis. The setting STREAMS by default.")
]
ToOption = Annotated[str, typer.Option("--to", help="Target languages, such as es,ca.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def languages(to: str) -> list[str]:
    """The languages in a list such as `es,ca`; raises SettingError."""
    listed = [language.strip().lower() for language in to.split(",")]
    if not all(listed) or len(set(listed)) < len(listed):
        raise SettingError(f"--to {to}: expected language codes, each once, such as es,ca")
    return listed


def whoever_runs_this() -> str:
    """The name of the user, as a session's owner; empty where the machine does not know it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
