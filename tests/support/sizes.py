"""Every test says how much of the machine it takes: `hermetic` is this process alone, and held to it; `system` is more.

A hermetic test opens no connection, starts no process and loads no real engine, so that it is fast, can fail for one
reason only, and runs wherever Python does.
"""

from __future__ import annotations

import multiprocessing.util
import os
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import pytest

SIZES = ("hermetic", "system")

#: What starts a process, as Python's audit events call it.
_STARTS = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"}
)
_NAMES_HOSTS = frozenset({"socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo"})
_REACHES = frozenset({"socket.bind", "socket.connect", "socket.sendmsg", "socket.sendto"})
_ENGINES = frozenset({"espeakng_loader", "moonshine_voice", "pocketsphinx"})


class NotHermetic(RuntimeError):
    """A test that is marked as hermetic did what only a `system` test may."""


class Guard:
    """Refuses what a hermetic test may not do, while one runs; `refused` is what it has refused since."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._is_watching = False

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook, which Python calls before it does a thing; what it raises, the thing's caller gets."""
        if not self._is_watching or (what := _forbidden(event, arguments)) is None:
            return
        self.refused.append(what)
        raise NotHermetic(f"expected a hermetic test to keep to itself, got {what}: mark it as `system`")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Raises NotHermetic behind the block where something was refused, whatever the block made of that."""
        self.refused.clear()
        self._is_watching = True
        try:
            yield
        finally:
            self._is_watching = False
            # Instead of what the block raises: it may be a skip, which would pass.
            if self.refused:
                raise NotHermetic(f"expected a hermetic test to keep to itself, got {', '.join(self.refused)}")


def _forbidden(event: str, arguments: tuple[Any, ...]) -> str | None:
    if event in _STARTS:
        return f"a process ({event})"
    if event in _NAMES_HOSTS:
        return f"a look-up of the host {arguments[0]!r}"
    # Unix sockets and pipes of this process are no network: event loops wake themselves by them.
    if event in _REACHES and isinstance(arguments[1], tuple):
        return f"the network ({event} of {arguments[1][0]})"
    if event == "import" and arguments[0].partition(".")[0] in _ENGINES:
        return f"the engine {arguments[0]}"
    # A package that another test's module imported is not imported again; its library is loaded all the same.
    if event == "ctypes.dlopen" and not _ENGINES.isdisjoint(
        (library := PurePath(os.fsdecode(arguments[0] or ""))).parts
    ):
        return f"the engine {library.name}"
    return None


def _audited_spawn(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """What multiprocessing starts its processes by; left to itself, it tells no audit hook of them."""
    sys.audit("os.posix_spawn", path, args)
    return _SPAWN(path, args, passfds)


_GUARD = Guard()
_SPAWN = multiprocessing.util.spawnv_passfds


def size_of(item: pytest.Item) -> str | None:
    """The one size that the test is marked with; None where it has none, or two."""
    given = [size for size in SIZES if item.get_closest_marker(size) is not None]
    return given[0] if len(given) == 1 else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See pytest. Whatever is then chosen by a marker, a test that has none is found."""
    unsized = list(dict.fromkeys(item.nodeid.partition("[")[0] for item in items if size_of(item) is None))
    if unsized:
        raise pytest.UsageError(
            f"expected each test to be hermetic or system, got neither or both of: {', '.join(unsized)}"
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """See pytest. The guard is for runs of hermetic tests alone: what a system test leaves behind would be theirs."""
    if session.items and all(size_of(item) == "hermetic" for item in session.items):
        sys.addaudithook(_GUARD.hook)
        multiprocessing.util.spawnv_passfds = _audited_spawn


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    """See pytest."""
    with _GUARD.watching():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """See pytest."""
    with _GUARD.watching():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """See pytest."""
    with _GUARD.watching():
        return (yield)
