"""How a worker is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from processors.hosts.kcl.daemon.beats import Beats

#: Seconds without a beat after which a shard is not well.
_STALE = 15.0


class State(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DRAINING = "draining"


@dataclass
class Status:
    """What is known of a worker while it lives."""

    application: str
    stage: str
    worker: str
    state: State = State.STARTING
    restarts: int = 0
    beats: Beats = field(default_factory=Beats)

    @property
    def healthy(self) -> bool:
        """Whether it works, and every shard that it has too."""
        return self.state is State.RUNNING and all(age <= _STALE for _, age in self.beats.ages().values())

    def describe(self) -> dict[str, Any]:
        """The same for a reader of JSON; ages in s."""
        return {
            "healthy": self.healthy,
            "application": self.application,
            "stage": self.stage,
            "worker": self.worker,
            "state": self.state.value,
            "restarts": self.restarts,
            "shards": {
                shard: {
                    "age": round(age, 1),
                    "behind_ms": beat.behind_ms,
                    "blocked": beat.blocked,
                    "released": beat.released,
                }
                for shard, (beat, age) in self.beats.ages().items()
            },
        }
