"""A worker whose children are tiny: `python -m ... SLOT LIMITS`, with what else it needs in its environment."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from cli import logs
from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.supervisor import Supervisor
from processors.hosts.kcl.daemon.timeouts import Timeouts
from processors.hosts.kcl.daemon.worker_id import WorkerId
from shared.errors import SetupError
from shared.metrics import MemoryMetrics
from shared.settings import Settings

CHILD = [Path(sys.executable).name, "-m", "tests.integration.processors.hosts.kcl.tiny_child"]


async def run(slot: int, timeouts: Timeouts) -> bool:
    settings = Settings.load()
    application = Application.of("stability", settings)
    with WorkerId.acquire(application.name, slot) as worker_id:
        supervisor = Supervisor(application, settings, worker_id.name, CHILD, MemoryMetrics(), timeouts=timeouts)

        def stop() -> None:
            supervisor.stop()
            print(json.dumps({"asked": supervisor.status.worker}), flush=True)

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        announcing = asyncio.create_task(_announce(supervisor))
        try:
            drained = await supervisor.run()
        except SetupError as error:
            print(json.dumps({"setup": str(error)}), flush=True)
            return False
        finally:
            announcing.cancel()
        print(json.dumps({"restarts": supervisor.status.restarts}), flush=True)
        return drained


async def _announce(supervisor: Supervisor) -> None:
    await supervisor.up.wait()
    print(json.dumps({"up": supervisor.status.worker}), flush=True)


if __name__ == "__main__":
    logs.configure()
    sys.exit(0 if asyncio.run(run(int(sys.argv[1]), Timeouts(**json.loads(sys.argv[2])))) else 1)
