"""The program that KCL's daemon starts for each shard: `python -m cli.worker.child STAGE[+STAGE...]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cli import environment, logs
from cli.metrics import gathered
from processors.backend import Reader, kinesis
from processors.engines.engines import Engines
from processors.hosts.crashes import crash_folder
from processors.hosts.kcl import child
from processors.hosts.kcl.shard_host import ShardHost
from processors.pipeline import make_stage
from shared.settings import Settings


async def _host(names: Sequence[str]) -> ShardHost:
    """The host of these stages on shared streams, as the environment has it."""
    environment.load()
    settings = Settings.load()
    backend = kinesis(settings, Reader.WORKER)
    engines = Engines(settings)
    return ShardHost(
        [make_stage(name, engines, settings, backend) for name in names],
        backend.streams,
        backend.store,
        settings=settings,
        metrics=gathered(),
        crashes=crash_folder(settings.stream_prefix),
    )


def main(names: Sequence[str]) -> None:
    """Serves one shard until the daemon ends the conversation; ends the process with code 1 where that fails."""
    # Before anything can print: standard output is the protocol's.
    protocol = child.private_stdout()
    logs.configure()
    child.run(lambda: _host(names), protocol)


if __name__ == "__main__":
    main(sys.argv[1].split("+"))
