"""`llt up`: every stage on streams that other processes reach, in this process or in a KCL worker each."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.backend import shared_backend
from cli.console import print_line
from cli.metrics import exported
from cli.options import StreamsOption
from cli.signals import stop_requested
from cli.up.workers import in_workers, workers_of
from processors.backend import Backend, Reader
from processors.hosts.crashes import crash_folder
from processors.hosts.kcl.daemon import class_data_archive
from processors.hosts.kcl.daemon.installation import Installation
from processors.pipeline import Pipeline
from shared.metrics import MemoryMetrics
from shared.settings import Settings


def up(
    streams: StreamsOption = None,
    *,
    workers: Annotated[
        bool, typer.Option("--workers", help="Run each stage as a KCL worker, in a process of its own.")
    ] = False,
) -> None:
    """Run all five stages on shared streams until Ctrl-C; a session that was under way is taken up again."""
    settings = Settings.load()
    backend = shared_backend(settings, streams, Reader.WORKER)
    asyncio.run(_run_workers(settings, backend) if workers else _run(settings, backend))


async def _run_workers(settings: Settings, backend: Backend) -> None:
    """Runs a worker a stage until SIGINT or SIGTERM; raises ChildProcessError, and SetupError for what is missing."""
    # What is missing is said here, once, and not by every worker; nor does each start without the archive.
    installation = Installation.find()
    await backend.check()
    await class_data_archive.ensure_archive(installation)
    await in_workers(
        workers_of(settings),
        _stop_requested(),
        lambda: print_line(f"Five workers are up on {settings.stream_prefix}-*. Ctrl-C stops them."),
    )
    print_line("Stopped.")


async def _run(settings: Settings, backend: Backend) -> None:
    """Runs until SIGINT or SIGTERM; raises what the host failed with, and SetupError where a stream is missing."""
    # Before engines are loaded, which takes longer.
    await backend.check()
    metrics, crashes = exported(MemoryMetrics(), settings), crash_folder(settings.stream_prefix)
    pipeline = Pipeline(settings=settings, metrics=metrics, backend=backend, crashes=crashes)
    stop = asyncio.create_task(_stop_requested())
    # It hears Ctrl-C before anybody is told to press it.
    await asyncio.sleep(0)
    async with pipeline:
        print_line(f"Five stages are up on {settings.stream_prefix}-*. Ctrl-C stops them.")
        await stop
    print_line("Stopped.")


async def _stop_requested() -> None:
    await stop_requested()
    print_line("Stopping ...")
