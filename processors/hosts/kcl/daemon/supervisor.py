"""Keeps one worker of an application alive: starts KCL's daemon, monitors it, and restarts it where it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon import class_data_archive
from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.folder import own_folder
from processors.hosts.kcl.daemon.installation import Installation
from processors.hosts.kcl.daemon.lease_mode import LeaseMode
from processors.hosts.kcl.daemon.leases import LeaseTable
from processors.hosts.kcl.daemon.logs import LOGBACK, LogLines
from processors.hosts.kcl.daemon.monitor import DaemonMonitor
from processors.hosts.kcl.daemon.properties import Endpoints, properties, write
from processors.hosts.kcl.daemon.status import WorkerState, WorkerStatus
from processors.hosts.kcl.daemon.timeouts import Timeouts
from shared.aio import first_of, unless
from shared.aws import Aws, AwsError
from shared.aws.threads import DaemonThreadPool
from shared.backoff import backoff
from shared.errors import SetupError, StoreUnavailable, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.settings import Settings

log = logging.getLogger(__name__)


class Supervisor:
    """A worker of `application` under the id `worker`; `child` is the command of its children.

    The first word of `child` is sought in the folder of this Python, then in PATH. Raises SetupError where no AWS
    region is set.
    """

    def __init__(
        self,
        application: Application,
        settings: Settings,
        worker: str,
        child: Sequence[str],
        metrics: Metrics,
        *,
        environ: Mapping[str, str] = os.environ,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.status = WorkerStatus(application.name, application.label, worker)
        #: Set once the daemon works for the first time.
        self.up = asyncio.Event()
        self._application = application
        self._settings = settings
        self._child = child
        self._metrics = metrics
        self._environ = environ
        self._timeouts = timeouts or Timeouts()
        self._aws = Aws(environ)
        self._kinesis = self._aws.client("kinesis", StreamUnavailable)
        self._dynamodb = self._aws.client("dynamodb", StoreUnavailable)
        self._leases = LeaseTable(self._aws, application)
        self._lease_mode = LeaseMode(self._aws, application)
        self._stopping = asyncio.Event()
        self._killed = asyncio.Event()

    def stop(self) -> None:
        """Asks it to drain and to end; a second time, to end at once."""
        (self._killed if self._stopping.is_set() else self._stopping).set()

    async def run(self, check: Callable[[], Awaitable[None]] | None = None) -> bool:
        """Runs until `stop`.

        True where every child had drained in time, or there was none yet; False where one had not, failed before it
        had, or was not let.
        `check` is awaited before the first start, for what else the children need. Raises SetupError where something
        must be fixed, be it missed at the start or by a child later, and StreamUnavailable or StoreUnavailable where
        AWS does not answer at the first start.
        """
        with own_folder("llt-worker") as folder:
            command = await unless(self._stopping, self._command(folder, check))
            if command is None:
                return True
            try:
                drained = await unless(self._killed, self._run_daemons(command))
            except SetupError:
                await self._release_leases()
                raise
        if drained is None:
            return False
        await self._release_leases()
        return drained

    async def _command(self, folder: Path, check: Callable[[], Awaitable[None]] | None) -> list[str]:
        """How the daemon is started, once it is sure that it can be."""
        # Java may hang: nobody waits for that thread, and what it started ends with it.
        installation = await asyncio.get_running_loop().run_in_executor(
            DaemonThreadPool(1, "installation"), Installation.find, self._environ
        )
        if check is not None:
            await check()
        await self._prepare()
        options = [f"-Dkcl.level={'INFO' if logging.getLogger('kcl').isEnabledFor(logging.INFO) else 'WARN'}"]
        class_data = await class_data_archive.ensure_archive(installation, self._environ)
        if class_data is not None:
            options += [f"-XX:SharedArchiveFile={class_data}", "-Xshare:auto"]
        file = folder / "daemon.properties"
        endpoints = Endpoints(self._aws.region, self._kinesis.endpoint, self._dynamodb.endpoint)
        write(file, properties(self._application, self._settings, self.status.worker, self._child, endpoints))
        arguments = ["--properties-file", str(file), "--log-configuration", str(LOGBACK)]
        return [*installation.command(*options), *arguments]

    async def _prepare(self) -> None:
        """What a start needs: credentials, the stream, and leases that the daemon can take at once."""
        await self._check_stream()
        try:
            made, _ = await asyncio.gather(
                self._leases.seed(self._settings.kcl_initial_position),
                self._lease_mode.ensure(self._settings.kcl_mode, self.status.worker),
            )
        except AwsError as error:
            log.warning("%s: the tables are left to KCL: %s", self.status.worker, error)
        else:
            log.info("%s: made %d leases", self.status.worker, made)

    async def _run_daemons(self, command: Sequence[str]) -> bool:
        """Runs one daemon after the other, until it is asked to stop; whether the children of the last one drained.

        Raises SetupError once something must be fixed for it to go on.
        """
        failures = 0
        while not self._stopping.is_set():
            monitor = DaemonMonitor(self.status, self._timeouts, self._on_started)
            daemon = await Daemon.start(command, self._daemon_environ(), LogLines(monitor).feed)
            try:
                fault = await unless(self._stopping, first_of(monitor.failure(daemon), self._watch_stream()))
                if fault is None:
                    return await self._drain(daemon, monitor)
            finally:
                await daemon.close()
                self.status.heartbeats.clear()
            if monitor.setup_error is not None:
                raise SetupError(monitor.setup_error)
            failures = 1 if monitor.was_stable else failures + 1
            self.status.state = WorkerState.RESTARTING
            self.status.restarts += 1
            self._metrics.count(Metric.WORKER_RESTARTS, stage=self.status.stage)
            log.error("%s: the daemon ended with %s: %s", self.status.worker, await daemon.ended(), fault)
            await unless(self._stopping, self._wait_until_ready(failures))
        return True

    async def _watch_stream(self) -> str:
        """Raises ResourceMissing once the stream is deleted: KCL would look for it for ever."""
        while True:
            await asyncio.sleep(self._timeouts.stream_poll)
            with suppress(StreamUnavailable, AwsError):
                await self._check_stream()

    async def _check_stream(self) -> None:
        await self._kinesis.call("describe_stream_summary", StreamName=self._application.stream)

    async def _wait_until_ready(self, failures: int) -> None:
        """Returns when it is time for another start, and AWS answers."""
        for failed in count(failures):
            await asyncio.sleep(backoff(failed, first=0.5, most=self._timeouts.max_backoff))
            try:
                await self._prepare()
            except (StreamUnavailable, StoreUnavailable) as error:
                log.warning("%s: %s", self.status.worker, error)
            else:
                return

    async def _drain(self, daemon: Daemon, monitor: DaemonMonitor) -> bool:
        """Has the daemon shut down, and waits until the children that it has are gone; whether all were done."""
        self.status.state = WorkerState.DRAINING
        daemon.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeouts.drain) as limit:
                # What the daemon itself has to do after that is of no use to anybody, and takes as long as a failover.
                await first_of(daemon.ended(), monitor.wait_childless(daemon))
        if limit.expired():
            log.error("%s: not all children drained in time; the rest is killed", self.status.worker)
        # Its last lines may tell how a child ended.
        await daemon.close()
        if not monitor.drained:
            log.error("%s: a child ended before it had drained; what it had comes again", self.status.worker)
        return monitor.drained

    async def _release_leases(self) -> None:
        """Spares other workers the wait for what this one had; where that fails, they wait."""
        with suppress(TimeoutError, StoreUnavailable, SetupError, AwsError):
            async with asyncio.timeout(self._timeouts.lease_release):
                log.info("%s: released %d leases", self.status.worker, await self._leases.release(self.status.worker))

    def _on_started(self) -> None:
        if self.status.state is not WorkerState.DRAINING:
            self.status.state = WorkerState.RUNNING
        self.up.set()

    def _daemon_environ(self) -> Mapping[str, str]:
        # The daemon splits its child's command at spaces, and this Python's folder may have some in its name.
        folder = str(Path(sys.executable).parent)
        path = os.pathsep.join(part for part in (folder, self._environ.get("PATH")) if part)
        # Java and boto3 have different names for the region.
        return {**self._environ, "PATH": path, "AWS_REGION": self._aws.region}
