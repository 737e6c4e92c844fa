from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from processors.hosts.kcl.daemon.worker_id import WorkerId
from shared.errors import SettingError

pytestmark = pytest.mark.system

#: Acquires a worker id of the application in its argument, says its number and keeps it.
HOLD = """
import sys
from processors.hosts.kcl.daemon.worker_id import WorkerId
with WorkerId.acquire(sys.argv[1]) as worker_id:
    print(worker_id.number, flush=True)
    sys.stdin.read()
"""

Hold = Callable[..., "tuple[subprocess.Popen[str], int]"]


@pytest.fixture
def application() -> str:
    """One that no other process has: the numbers are the whole machine's."""
    return f"workers-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def hold(application: str) -> Iterator[Hold]:
    """Starts a process that holds a worker id; returns it and the number that it has."""
    with ExitStack() as stack:

        def start(**environ: str) -> tuple[subprocess.Popen[str], int]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", HOLD, application],
                    env=os.environ | environ,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            return process, int(process.stdout.readline())

        yield start


def test_each_worker_has_a_number_of_its_own(application: str) -> None:
    with WorkerId.acquire(application) as first, WorkerId.acquire(application) as second:
        assert (first.name, second.name) == (f"{socket.gethostname()}-1", f"{socket.gethostname()}-2")


def test_a_worker_that_comes_back_has_the_same(application: str) -> None:
    first = WorkerId.acquire(application)
    with WorkerId.acquire(application):
        first.close()
        with WorkerId.acquire(application) as again:
            assert again.number == 1


def test_applications_do_not_share_them(application: str) -> None:
    with WorkerId.acquire(application), WorkerId.acquire(f"{application}-2") as other:
        assert other.number == 1


def test_a_wanted_number_is_acquired_or_refused(application: str) -> None:
    with WorkerId.acquire(application, 3) as worker_id:
        assert worker_id.number == 3
        with pytest.raises(SettingError, match=f"--slot 3: another worker of {application} on this machine has it"):
            WorkerId.acquire(application, 3)


def test_a_killed_worker_leaves_its_own_free(application: str, hold: Hold) -> None:
    process, number = hold()
    assert number == 1
    with WorkerId.acquire(application) as worker_id:
        assert worker_id.number == 2
    process.kill()
    process.wait()
    with WorkerId.acquire(application) as worker_id:
        assert worker_id.number == 1


def test_no_two_have_one_whatever_their_environments(hold: Hold, tmp_path: Path) -> None:
    places: list[dict[str, str]] = [
        {},
        {"XDG_RUNTIME_DIR": str(tmp_path)},
        {"XDG_RUNTIME_DIR": "", "TMPDIR": str(tmp_path)},
    ]
    assert [hold(**environ)[1] for environ in places] == [1, 2, 3]


def test_a_long_name_is_told_from_another(application: str) -> None:
    long = application.ljust(250, "x")
    with WorkerId.acquire(long) as first, WorkerId.acquire(long) as second, WorkerId.acquire(long + "y") as other:
        assert (first.number, second.number, other.number) == (1, 2, 1)
