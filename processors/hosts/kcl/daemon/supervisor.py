"""Keeps one worker of an application alive: starts KCL's daemon, watches it, and starts it anew where it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon import archive
from processors.hosts.kcl.daemon.beats import Beat
from processors.hosts.kcl.daemon.daemon import Daemon
from processors.hosts.kcl.daemon.first import first_of
from processors.hosts.kcl.daemon.installation import Installation
from processors.hosts.kcl.daemon.leases import LeaseTable
from processors.hosts.kcl.daemon.logs import LOGBACK, Lines
from processors.hosts.kcl.daemon.mode import Mode
from processors.hosts.kcl.daemon.properties import GRACE, Place, properties, write
from processors.hosts.kcl.daemon.status import State, Status
from shared.aws import Aws, AwsError
from shared.backoff import backoff
from shared.errors import SetupError, StoreUnavailable, StreamUnavailable
from shared.metrics import Metric, Metrics
from shared.settings import Settings

log = logging.getLogger(__name__)

#: Seconds between two looks whether children are gone, and by which a look may be late.
_POLL, _STALL = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the supervisor waits, in s."""

    #: For the daemon's end once it was asked to: KCL's grace for the children, and what it does before and after.
    drain: float = GRACE + 10.0
    #: For the next beat of a child that has beaten once.
    hang: float = 30.0
    #: For the daemon's end once a child of it has failed or was killed.
    failing: float = 5.0
    #: For giving up the leases.
    release: float = 5.0
    #: Good running after which earlier failures are forgotten.
    good: float = 60.0
    #: The longest wait before another start.
    longest_backoff: float = 30.0
    #: Between two looks at the children.
    look: float = 1.0


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
        limits: Limits | None = None,
    ) -> None:
        self.status = Status(application.name, application.label, worker)
        #: Set once the daemon works for the first time.
        self.up = asyncio.Event()
        self._application = application
        self._settings = settings
        self._child = child
        self._metrics = metrics
        self._environ = environ
        self._limits = limits or Limits()
        self._aws = Aws(environ)
        self._kinesis = self._aws.client("kinesis", StreamUnavailable)
        self._dynamodb = self._aws.client("dynamodb", StoreUnavailable)
        self._leases = LeaseTable(self._aws, application)
        self._mode = Mode(self._aws, application)
        self._asked = asyncio.Event()
        self._killed = asyncio.Event()
        self._failing = asyncio.Event()
        self._up_since: float | None = None
        self._drained = True

    def stop(self) -> None:
        """Asks it to drain and to end; a second time, to end at once."""
        (self._killed if self._asked.is_set() else self._asked).set()

    async def run(self) -> bool:
        """Runs until `stop`; True where all children had drained within the time they have.

        Raises SetupError where something must be mended before it can go on, and StreamUnavailable or
        StoreUnavailable where AWS does not answer at the first start.
        """
        command: list[str] = []
        with tempfile.TemporaryDirectory(prefix="llt-worker-") as folder:
            if await first_of(self._command(Path(folder), command), self._asked.wait()):
                return True
            if await first_of(self._keep(command), self._killed.wait()):
                return False
        await self._release()
        return self._drained

    async def _command(self, folder: Path, command: list[str]) -> None:
        """Makes sure that the daemon can be started, and fills in how."""
        installation = Installation.find(self._environ)
        await self._prepare()
        options = [f"-Dkcl.level={'INFO' if logging.getLogger('kcl').isEnabledFor(logging.INFO) else 'WARN'}"]
        class_data = await archive.made(installation, self._environ)
        if class_data is not None:
            options += [f"-XX:SharedArchiveFile={class_data}", "-Xshare:auto"]
        file = folder / "daemon.properties"
        place = Place(self._aws.region, self._kinesis.endpoint, self._dynamodb.endpoint)
        write(file, properties(self._application, self._settings, self.status.worker, self._child, place))
        command += installation.command(*options)
        command += ["--properties-file", str(file), "--log-configuration", str(LOGBACK)]

    async def _prepare(self) -> None:
        """What a start needs: credentials, the stream, and leases that the daemon can take at once."""
        await self._kinesis.call("describe_stream_summary", StreamName=self._application.stream)
        try:
            made, _ = await asyncio.gather(
                self._leases.seed(self._settings.kcl_initial_position),
                self._mode.settle(self._settings.kcl_mode, self.status.worker),
            )
        except AwsError as error:
            log.warning("%s: the tables are left to KCL: %s", self.status.worker, error)
        else:
            log.info("%s: made %d leases", self.status.worker, made)

    async def _keep(self, command: Sequence[str]) -> None:
        """Runs one daemon after the other, until it is asked to stop."""
        failures = 0
        while not self._asked.is_set():
            daemon = await Daemon.start(command, self._daemon_environ(), self._lines().take)
            try:
                if await first_of(self._failure(daemon), self._asked.wait()):
                    await self._drain(daemon)
                    return
            finally:
                await daemon.close()
                self.status.beats.clear()
            failures = 1 if self._was_well() else failures + 1
            self.status.state = State.RESTARTING
            self.status.restarts += 1
            self._metrics.count(Metric.WORKER_RESTARTS, stage=self.status.stage)
            log.error("%s: the daemon ended with %s", self.status.worker, await daemon.ended())
            await first_of(self._ready_again(failures), self._asked.wait())

    async def _ready_again(self, failures: int) -> None:
        """Returns when it is time for another start, and AWS answers."""
        for failed in count(failures):
            await asyncio.sleep(backoff(failed, first=0.5, most=self._limits.longest_backoff))
            try:
                await self._prepare()
            except (StreamUnavailable, StoreUnavailable) as error:
                log.warning("%s: %s", self.status.worker, error)
            else:
                return

    async def _failure(self, daemon: Daemon) -> None:
        """Returns once the daemon has ended, or had to be."""
        if await first_of(daemon.ended(), self._failing.wait(), self._hung_child(daemon)):
            # It would wait long for the dead child; the others drain meanwhile.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.failing):
                    await first_of(daemon.ended(), _children_gone(daemon))

    async def _hung_child(self, daemon: Daemon) -> None:
        """Returns once a child that does not beat any more had to be killed."""
        while True:
            slept_at = time.monotonic()
            await asyncio.sleep(self._limits.look)
            if time.monotonic() - slept_at > self._limits.look + _STALL:
                # This process itself stood still, and there may be beats that it has not read yet.
                continue
            for shard, (beat, age) in self.status.beats.ages().items():
                if not daemon.has(beat.pid):
                    # It lost its lease, or its shard ended; where it failed, the daemon says so.
                    self.status.beats.forget(shard)
                elif age > self._limits.hang:
                    log.error("%s: the child of %s hangs, and is killed", self.status.worker, shard)
                    daemon.kill_child(beat.pid)
                    return

    async def _drain(self, daemon: Daemon) -> None:
        """Has the daemon shut down, and waits until the children that it has are done."""
        self.status.state = State.DRAINING
        daemon.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.drain):
                # What the daemon itself has to do after that is of no use to anybody, and takes as long as a failover.
                await first_of(daemon.ended(), _children_gone(daemon))
        self._drained = not daemon.children()
        if not self._drained:
            log.error("%s: not all children drained in time; the rest is killed", self.status.worker)

    async def _release(self) -> None:
        """Spares other workers the wait for what this one had; where that fails, they wait."""
        with suppress(TimeoutError, StoreUnavailable, SetupError, AwsError):
            async with asyncio.timeout(self._limits.release):
                log.info("%s: gave up %d leases", self.status.worker, await self._leases.release(self.status.worker))

    def _lines(self) -> Lines:
        self._failing.clear()
        self._up_since = None
        return Lines(self._beat, self._running, self._failing.set)

    def _beat(self, beat: Beat) -> None:
        self.status.beats.add(beat)

    def _running(self) -> None:
        if self.status.state is not State.DRAINING:
            self.status.state = State.RUNNING
        self._up_since = time.monotonic()
        self.up.set()

    def _was_well(self) -> bool:
        return self._up_since is not None and time.monotonic() - self._up_since >= self._limits.good

    def _daemon_environ(self) -> Mapping[str, str]:
        # The daemon splits its child's command at spaces, and this Python's folder may have some in its name.
        folder = str(Path(sys.executable).parent)
        path = os.pathsep.join(part for part in (folder, self._environ.get("PATH")) if part)
        # Java and boto3 have different names for the region.
        return {**self._environ, "PATH": path, "AWS_REGION": self._aws.region}


async def _children_gone(daemon: Daemon) -> None:
    while daemon.children():  # noqa: ASYNC110 (processes that are not ours set no event)
        await asyncio.sleep(_POLL)
