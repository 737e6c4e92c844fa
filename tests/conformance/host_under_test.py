"""The interface through which the suite drives a host; a new host adds a factory to FACTORIES."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from processors.contract import Stage
from processors.hosts.checkpoints import Checkpoints
from processors.hosts.local import LocalHost
from shared.clock import Clock
from shared.metrics import Metrics
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import Stream, StreamName


@dataclass(frozen=True)
class HostEnvironment:
    """What a host finds when it starts; streams, store and checkpoints outlive it."""

    streams: dict[StreamName, Stream]
    store: SessionStore
    checkpoints: Checkpoints
    settings: Settings
    metrics: Metrics
    clock: Clock
    #: To be told what a process of the host, or what runs it, fails with by itself.
    crashed: Callable[[BaseException], None]


class HostUnderTest(Protocol):
    """One process that runs one application: a stage, or several fused."""

    def start(self) -> None:
        """Begins at the checkpoints."""

    async def kill(self) -> None:
        """Ends it where it stands: nothing more is written."""

    async def stop(self) -> None:
        """Ends it gracefully."""

    async def ended(self) -> None:
        """Returns once it has ended; raises where it failed by itself."""


HostFactory = Callable[[Sequence[Stage], HostEnvironment], HostUnderTest]


def local_host(stages: Sequence[Stage], environment: HostEnvironment) -> HostUnderTest:
    """The local host, which keeps checkpoints itself."""
    return LocalHost(
        [stages],
        environment.streams,
        environment.store,
        checkpoints=environment.checkpoints,
        settings=environment.settings,
        metrics=environment.metrics,
        clock=environment.clock,
    )


def kcl_host(stages: Sequence[Stage], environment: HostEnvironment) -> HostUnderTest:
    """The child of KCL's daemon, driven over pipes by a simulated daemon."""
    from tests.conformance.kcl.daemon import MultiLangDaemon  # needs amazon_kclpy

    return MultiLangDaemon(stages, environment)


FACTORIES: dict[str, HostFactory] = {"local": local_host, "kcl": kcl_host}
#: The names of the factories, for tests to run against each.
HOSTS = ["local", pytest.param("kcl", marks=pytest.mark.kcl)]
