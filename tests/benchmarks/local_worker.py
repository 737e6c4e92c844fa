"""`python -m tests.benchmarks.local_worker`: dedup alone on the local host, on Kinesis, until it is killed."""

from __future__ import annotations

import asyncio

from processors.backend import Reader, kinesis
from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from shared.settings import Settings


async def main() -> None:
    """Runs it on the streams and tables of the environment, as `llt up` runs all stages."""
    settings = Settings.load()
    backend = kinesis(settings, Reader.WORKER)
    host = LocalHost(
        [[DedupStage()]], backend.streams, backend.store, checkpoints=backend.checkpoints, settings=settings
    )
    await host.run()


if __name__ == "__main__":
    asyncio.run(main())
