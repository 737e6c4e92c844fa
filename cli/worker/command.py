"""`llt worker`: a stage, or several fused, as a KCL application on Kinesis."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.backend import shared_backend
from cli.console import print_line
from cli.options import StreamsOption
from processors.backend import Backend, Reader
from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.folder import own_folder
from processors.hosts.kcl.daemon.status import WorkerStatus
from processors.hosts.kcl.daemon.worker_id import WorkerId
from shared.metrics import MemoryMetrics, Metrics
from shared.settings import Settings

if TYPE_CHECKING:
    from processors.hosts.kcl.daemon.supervisor import Supervisor


def worker(
    stages: Annotated[
        str,
        typer.Argument(
            metavar="STAGE[+STAGE...]", help="A stage, or several that follow one another: stability+dedup."
        ),
    ],
    slot: Annotated[
        int | None, typer.Option("--slot", min=1, help="The worker's number here; the first free one.")
    ] = None,
    streams: StreamsOption = None,
) -> None:
    """Run a stage on Kinesis until SIGTERM or Ctrl-C; its workers, here and elsewhere, share the stream's shards."""
    settings = Settings.load()
    application = Application.of(stages, settings)
    backend = shared_backend(settings, streams, Reader.WORKER)
    with WorkerId.acquire(application.name, slot) as worker_id:
        drained = asyncio.run(_run(application, settings, worker_id.name, backend))
    if not drained:
        raise typer.Exit(1)


async def _run(application: Application, settings: Settings, name: str, backend: Backend) -> bool:
    # boto3 takes a third of a second to import: a wrong argument shall not wait for that.
    from processors.hosts.kcl.daemon.supervisor import Supervisor  # noqa: PLC0415

    with ExitStack() as stack:
        metrics = stack.enter_context(_measuring(settings))
        child = [Path(sys.executable).name, "-m", "cli.worker.child", application.label]
        supervisor = Supervisor(application, settings, name, child, metrics)
        if settings.metrics_port:
            stack.enter_context(_health(supervisor.status, settings.metrics_address, settings.metrics_port))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, supervisor.stop)
        announcing = asyncio.create_task(_announce(supervisor, application))
        try:
            drained = await supervisor.run(backend.check)
        finally:
            announcing.cancel()
        print_line(
            f"Stopped {application.label}." if drained else f"Stopped {application.label} before it had drained."
        )
        return drained


async def _announce(supervisor: Supervisor, application: Application) -> None:
    await supervisor.up.wait()
    print_line(
        f"Worker {supervisor.status.worker} of {application.label} is up on {application.stream}. Ctrl-C stops it."
    )


@contextmanager
def _measuring(settings: Settings) -> Iterator[Metrics]:
    """Where the worker measures; with METRICS_PORT in a folder that its children, which inherit it, measure in too."""
    if not settings.metrics_port:
        yield MemoryMetrics()
        return
    with own_folder("llt-metrics") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        # It looks at that when it is imported.
        from shared.metrics.prometheus import PrometheusMetrics  # noqa: PLC0415

        try:
            yield PrometheusMetrics()
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]


@contextmanager
def _health(status: WorkerStatus, address: str, port: int) -> Iterator[None]:
    from processors.hosts.kcl.daemon.health import Health  # noqa: PLC0415 - wanted by few

    with Health(status, address, port, Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])):
        yield
