"""How a worker is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from processors.hosts.kcl.daemon.heartbeats import Heartbeats

#: Seconds without a heartbeat after which a child, or the daemon, is not well. The daemon's stay out for up to 60
#: while DynamoDB does not answer.
_STALE, _DAEMON_STALE = 15.0, 75.0


class WorkerState(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DRAINING = "draining"


@dataclass
class WorkerStatus:
    """What is known of a worker while it lives."""

    application: str
    stage: str
    worker: str
    state: WorkerState = WorkerState.STARTING
    restarts: int = 0
    heartbeats: Heartbeats = field(default_factory=Heartbeats)

    @property
    def healthy(self) -> bool:
        """Whether it works, and the daemon and every child of it too."""
        return (
            self.state is WorkerState.RUNNING
            and (self.heartbeats.daemon_age or 0.0) <= _DAEMON_STALE
            and all(age <= _STALE for _, age in self.heartbeats.ages().values())
        )

    def describe(self) -> dict[str, Any]:
        """The same for a reader of JSON; ages in s."""
        shards: dict[str, Any] = {}
        starting = []
        # Of two children of one shard, the newer one's heartbeat is shown.
        for heartbeat, age in sorted(self.heartbeats.ages().values(), key=lambda found: -found[1]):
            if heartbeat is None or not heartbeat.shard:
                starting.append(round(age, 1))
            else:
                shards[heartbeat.shard] = {
                    "age": round(age, 1),
                    "behind_ms": heartbeat.behind_ms,
                    "blocked": heartbeat.blocked,
                    "released": heartbeat.low_water,
                }
        daemon_age = self.heartbeats.daemon_age
        return {
            "healthy": self.healthy,
            "application": self.application,
            "stage": self.stage,
            "worker": self.worker,
            "state": self.state.value,
            "restarts": self.restarts,
            "daemon_age": None if daemon_age is None else round(daemon_age, 1),
            # Children that have no shard yet, by age.
            "starting": starting,
            "shards": dict(sorted(shards.items())),
        }
