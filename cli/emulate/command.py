"""`llt emulate`: Transcribe, Translate and Polly on this machine, for a command or until Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from cli.console import print_stderr, put
from cli.emulate.back_engines import chosen, described
from cli.emulate.child import run
from cli.signals import stop_requested
from processors.engines.engines import Engines
from processors.engines.spec import EngineKind
from shared.errors import DependencyMissing, SettingError
from shared.proxies import spare_own
from shared.remedies import install_extra

#: Where programs look for them that were set up by `--env-file`; behind a command any port will do.
TRANSCRIBE_PORT, PORT = 4581, 4582
#: The engines that use them, where nothing else is chosen.
_ENGINES = {"RECOGNISER": "aws", "TRANSLATOR": "aws", "SYNTHESIZER": "polly"}
#: They log headers below warnings, those of authorization too.
_TALKATIVE = ("hpack", "h2")


def emulate(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- COMMAND...", help="What to run on them: they end with it, and llt has its exit code."
        ),
    ] = None,
    *,
    recogniser: Annotated[
        str, typer.Option("--recogniser", help=f"What hears: {described(EngineKind.RECOGNISER)}.")
    ] = "moonshine",
    translator: Annotated[
        str, typer.Option("--translator", help=f"What translates: {described(EngineKind.TRANSLATOR)}.")
    ] = "apertium",
    synthesizer: Annotated[
        str, typer.Option("--synthesizer", help=f"What speaks: {described(EngineKind.SYNTHESIZER)}.")
    ] = "espeak",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            help="What goes wrong once: [SERVICE:]KIND[@SECONDS][xTIMES], such as abort@12.5 or polly:throttlex3; "
            "@SECONDS, of a stream's audio, for transcribe alone.",
        ),
    ] = None,
    latency: Annotated[
        float, typer.Option("--latency", min=0, help="Seconds that Translate and Polly take longer to answer.")
    ] = 0.0,
    transcribe_port: Annotated[
        int | None, typer.Option("--transcribe-port", min=1, max=65535, help=f"Transcribe's port; {TRANSCRIBE_PORT}.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help=f"Port of Translate and Polly; {PORT}.")
    ] = None,
    ca_folder: Annotated[
        Path | None, typer.Option("--ca-folder", help="Where the certificate to trust is put; kept afterwards.")
    ] = None,
    env_file: Annotated[
        Path | None, typer.Option("--env-file", help="Write the environment of their clients to this file, too.")
    ] = None,
) -> None:
    """Run emulators of Transcribe, Translate and Polly, offline engines behind them, for a command or until Ctrl-C."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    ports = [given or (0 if command else usual) for given, usual in ((transcribe_port, TRANSCRIBE_PORT), (port, PORT))]
    engines = chosen(recogniser, translator, synthesizer)
    code = asyncio.run(_run(command or [], engines, fault or [], latency, ports, ca_folder, env_file))
    if code:
        raise typer.Exit(code)


async def _run(
    command: Sequence[str],
    engines: Engines,
    asked: Sequence[str],
    latency: float,
    ports: Sequence[int],
    folder: Path | None,
    env_file: Path | None,
) -> int:
    """Runs them until the command ends, whose exit code it returns, or a signal comes."""
    try:
        from emulators.emulators import Emulators  # noqa: PLC0415 - an extra that few install
        from emulators.faults import Fault, Faults  # noqa: PLC0415
        from emulators.placeholders import placeholders  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DependencyMissing(
            f"llt emulate needs the package {error.name}, of the extra emulators: {install_extra('emulators')}"
        ) from None
    faults = Faults(*map(Fault.parse, asked))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engines.close)
        behind = engines.recogniser, engines.translator, engines.synthesizer
        folder = _made(folder) if folder else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="llt-")))
        emulators = await stack.enter_async_context(
            Emulators(*behind, faults, folder, transcribe_port=ports[0], port=ports[1], latency=latency)
        )
        environ = {**emulators.environ, **await asyncio.to_thread(placeholders)} | {
            name: os.environ.get(name) or engine for name, engine in _ENGINES.items()
        }
        _keep(environ, env_file)
        if command:
            # The command may reach them by any library, and shall not by a proxy.
            own = os.environ | environ
            spare_own(own)
            return await run(command, own)
        put(_block(environ))
        print_stderr("The emulators are up. Ctrl-C stops them.")
        await stop_requested()
        return 0


def _made(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise SettingError(f"--ca-folder {folder}: expected a folder, got a file")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"--ca-folder {folder}: {error.strerror}") from None
    return folder


def _keep(environ: Mapping[str, str], file: Path | None) -> None:
    if file is not None:
        file.write_text(_block(environ), encoding="utf-8")


def _block(environ: Mapping[str, str]) -> str:
    """Lines as `.env` takes them."""
    return "".join(f"{name}={value}\n" for name, value in environ.items())
