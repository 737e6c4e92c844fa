"""`llt`: its commands, and how each of them ends.

Exit codes: 0 done, 1 failed, 2 wrong usage (130 where the shell's Ctrl-C stopped it). An error is one line on
stderr that says what to do; `--verbose` adds where it came from.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from cli import config, environment, logs, sessions, streams
from cli.demo.command import demo
from cli.doctor import doctor
from cli.listen.command import listen
from cli.speak import speak
from cli.transcribe_file import transcribe_file
from cli.up import up
from shared.errors import LowLatencyTranslateError, SettingError

_LOG = logging.getLogger(__name__)

app = typer.Typer(
    help="Live speech, translated to captions and speech in many languages.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config.app, name="config")
app.command("demo")(demo)
app.command("transcribe-file")(transcribe_file)
app.command("doctor")(doctor)
app.command("up")(up)
app.command("speak")(speak)
app.command("listen")(listen)
app.add_typer(streams.app, name="streams")
app.add_typer(sessions.app, name="sessions")


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; without arguments it shows the help."""
    try:
        environment.load()
        code = app(args=list(arguments) or ["--help"], prog_name="llt", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "llt")
        return _failed(f"{error.format_message().rstrip('.')}; see {command} --help", error.exit_code)
    except typer.Abort:
        return _failed("stopped", 1)
    except SettingError as error:
        return _failed(str(error), 2)
    except Exception as error:
        return _failed(_explained(error), 1)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"llt {version('low-latency-translate')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens and where errors arise.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    logs.configure(verbose=verbose)


def _explained(error: BaseException) -> str:
    """What a user can make of the error; of several that came together, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, LowLatencyTranslateError | OSError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; llt --verbose shows where it came from"


def _failed(message: str, code: int) -> int:
    _LOG.debug("failed", exc_info=True)
    print(f"llt: {' '.join(message.split())}", file=sys.stderr)
    return code
