"""The program that KCL's daemon starts for each shard: `python -m cli.worker.child STAGE[+STAGE...]`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from cli import environment, logs, stages
from cli.backend import Reader, kinesis
from cli.metrics import gathered
from processors.hosts.kcl import child
from processors.hosts.kcl.shard_host import ShardHost
from shared.errors import LowLatencyTranslateError
from shared.settings import Settings

log = logging.getLogger(__name__)


async def _host(names: Sequence[str]) -> ShardHost:
    """The host of these stages on shared streams, as the environment has it."""
    settings = Settings.load()
    backend = kinesis(settings, Reader.WORKER)
    engines = stages.EnginesOnDemand(settings)
    return ShardHost(
        [stages.make(name, engines, settings, backend) for name in names],
        backend.streams,
        backend.store,
        settings=settings,
        metrics=gathered(),
    )


def main(names: Sequence[str]) -> int:
    """Serves one shard until the daemon ends the conversation; 1 where the host cannot be made."""
    # Before anything can print: standard output is the protocol's.
    protocol = child.private_stdout()
    logs.configure()
    try:
        environment.load()
        child.run(lambda: _host(names), protocol)
    except LowLatencyTranslateError as error:
        log.critical("this process ends: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].split("+")))
