"""Options that several commands take, and the checks of what they are given."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import Annotated

import typer

from shared.errors import SettingError
from shared.sessions.session import check_session_id

#: The language that the offline recognisers hear.
SOURCE = "en"

StreamsOption = Annotated[
    str | None, typer.Option("--streams", help="Where the streams are: kinesis. The setting STREAMS by default.")
]
ToOption = Annotated[str, typer.Option("--to", help="Target languages, such as es,ca.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]

#: A language's code (ISO 639), with or without a region.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-([a-z]{2,4}|[0-9]{3}))?")


def language(code: str, option: str) -> str:
    """The language code in lower case; raises SettingError, which names the option, for what cannot be one."""
    found = code.strip().lower()
    if not _LANGUAGE.fullmatch(found):
        raise SettingError(f"{option} {code}: expected a language code, such as es")
    return found


def languages(to: str) -> list[str]:
    """The languages in a list such as `es,ca`; raises SettingError."""
    listed = [code.strip().lower() for code in to.split(",")]
    if not all(map(_LANGUAGE.fullmatch, listed)) or len(set(listed)) < len(listed):
        raise SettingError(f"--to {to}: expected language codes, each once, such as es,ca")
    return listed


def session_id(text: str) -> str:
    """The id of a session; raises SettingError for what none can have."""
    check_session_id(text)
    return text


def output_file(path: Path, option: str) -> Path:
    """A file that can be written where it is to be; raises SettingError, which names the option."""
    if path.is_dir():
        raise SettingError(f"{option} {path}: expected a file, got a folder")
    if not path.parent.is_dir():
        raise SettingError(f"{option} {path}: there is no folder {path.parent}; make it, or choose another")
    return path


def whoever_runs_this() -> str:
    """The name of the user, as a session's owner; empty where the machine does not know it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
