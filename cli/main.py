"""`llt`: its commands, and how each of them ends.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 141 stopped since nobody reads its output any more
(`llt demo | head -1`), in silence. An error is one line on stderr that says what to do; `--verbose` adds where it came
from.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from cli import config, environment, logs, open_files, streams, usage_errors
from cli.console import is_reader_gone, put
from cli.dead_letters import command as dead_letters
from cli.demo.command import demo
from cli.doctor import doctor
from cli.emulate.command import emulate
from cli.errors import FAILED, READER_GONE, STOPPED, explained, note
from cli.listen.command import listen
from cli.sessions import command as sessions
from cli.speak.command import speak
from cli.transcribe_file import transcribe_file
from cli.up.command import up
from cli.worker.command import worker
from cli.workers.command import workers
from shared import DISTRIBUTION

_LOG = logging.getLogger(__name__)
#: Those that run engines, or follow streams.
_OF_MANY_FILES = frozenset({"demo", "transcribe-file", "emulate", "up", "speak", "listen", "worker"})

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
app.command("emulate")(emulate)
app.command("up")(up)
app.command("speak")(speak)
app.command("listen")(listen)
app.add_typer(streams.app, name="streams")
app.add_typer(sessions.app, name="sessions")
app.command("worker")(worker)
app.command("workers")(workers)
app.add_typer(dead_letters.app, name="dead-letters")


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code; without arguments it shows the help."""
    try:
        for warning in environment.load():
            note(warning)
        code = app(args=list(arguments) or ["--help"], prog_name="llt", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        return _failed(usage_errors.described(error, app, arguments), error.exit_code)
    except typer.Abort as error:
        # A question was answered with no, or with Ctrl-C.
        return _failed("stopped", STOPPED if isinstance(error.__context__, KeyboardInterrupt) else FAILED)
    except SystemExit:
        # Typer's help, which Rich prints, ends so where nobody reads it to its end.
        return READER_GONE
    except Exception as error:
        if is_reader_gone(error):
            return READER_GONE
        return _failed(*explained(error))


def _version(wanted: bool) -> None:
    if wanted:
        put(f"llt {version(DISTRIBUTION)}\n")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens and where errors arise.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    logs.configure(verbose=verbose)
    if context.invoked_subcommand in _OF_MANY_FILES:
        open_files.check()


def _failed(message: str, code: int) -> int:
    _LOG.debug("failed", exc_info=True)
    note(message)
    return code
