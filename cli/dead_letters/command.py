"""`llt dead-letters`: what the stages of a pipeline could not process, and why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli.backend import NAMES
from cli.console import Console, print_stderr, put_json
from cli.dead_letters.letters import DeadLetters, Letter, LetterUnknown
from cli.dead_letters.view import print_letter, print_table, summary, whole
from cli.options import JsonOption
from processors.stages import STAGES
from shared.clock import SystemClock
from shared.errors import SettingError
from shared.settings import Settings
from shared.streams import OLDEST, Start
from sinks.files.output import writing

app = typer.Typer(help="What the stages could not process, and why.")

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Result = TypeVar("Result")


@app.command("list")
def list_(
    session: Annotated[str | None, typer.Option("--session", help="Only this session's.")] = None,
    stage: Annotated[str | None, typer.Option("--stage", help="Only this stage's.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only those of the last 30s, 15m, 2h or 1d.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the dead letters that the stream still holds, oldest first."""
    if stage is not None and stage not in STAGES:
        raise SettingError(f"--stage {stage}: expected one of {', '.join(STAGES)}")
    start = OLDEST if since is None else Start(at=SystemClock().now() - _milliseconds(since))

    def wanted(letter: Letter) -> bool:
        record = letter.record
        return session in (None, record.session) and stage in (None, record.stage)

    letters = DeadLetters(Settings.load(only=NAMES))
    found = _run(letters, _summaries(letters, start, wanted))
    if as_json:
        put_json(found)
    elif found:
        print_table(found)
    else:
        filtered = any((session, stage, since))
        Console().print("There are no such dead letters." if filtered else "There are no dead letters.")


@app.command()
def show(
    letter: Annotated[str, typer.Argument(help="The beginning of its id, or its whole sequence number.")],
    payload: Annotated[
        Path | None, typer.Option("--payload", help="Write the bytes that it carries to this file.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show everything of one dead letter. Beware: the record that it carries may hold what was said."""
    settings = Settings.load(only=NAMES)
    letters = DeadLetters(settings)
    found = _run(letters, letters.find(letter))
    if as_json:
        put_json(whole(found))
    else:
        print_letter(found, settings.stream_prefix)
    if payload is not None:
        _write(found, payload)


async def _summaries(letters: DeadLetters, start: Start, wanted: Callable[[Letter], bool]) -> list[dict[str, Any]]:
    """Of each letter what a list shows, oldest first; their payloads are not kept."""
    found = [summary(letter) async for letter in letters.read(start) if wanted(letter)]
    return sorted(found, key=lambda shown: shown["published_at"])


def _run(letters: DeadLetters, work: Coroutine[Any, Any, Result]) -> Result:
    with Console(stderr=True).status("Reading dead letters ..."):
        found = asyncio.run(work)
    if letters.unreadable:
        print_stderr(f"{letters.unreadable} of the stream's records are no dead letters and were left out.")
    return found


def _write(letter: Letter, file: Path) -> None:
    payload = letter.record.payload
    if not payload:
        raise LetterUnknown(f"--payload {file}: the dead letter {letter.id} carries no bytes; nothing was written")
    with writing(file):
        file.write_bytes(payload)
    print_stderr(f"Wrote {len(payload)} bytes to {file}.")


def _milliseconds(since: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,3})([smhd])", since)
    if match is None:
        raise SettingError(f"--since {since}: expected a time such as 30s, 15m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]] * 1000
