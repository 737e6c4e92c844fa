"""The image without Docker: its steps in a folder, and what they made as its user and as process 1."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from infra.local.localstack.server import LocalStack
from processors.engines.spec import EngineKind
from tests.support.image_build import ImageBuild
from tests.support.waiting import TIMEOUT, wait_until
from tests.unit.infra.dockerfile import values

pytestmark = [pytest.mark.system, pytest.mark.image]

#: Process 1 of its own processes, and all of them end with it.
FIRST = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")


def user() -> list[str]:
    """What runs a command as the image's user."""
    (found,) = values("USER")
    uid, gid = found.split(":")
    # What setpriv itself starts is still found with root's rights: so env starts it.
    return ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "env"]


def succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT).returncode == 0


def python() -> str:
    """A Python that the image's user may run: one below /root it may not."""
    candidates = (os.path.realpath(sys.executable), "/usr/local/bin/python3", "/usr/bin/python3")
    new = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    found = [candidate for candidate in candidates if succeeds(*user(), candidate, "-c", new)]
    if not found:
        pytest.skip(f"the image's user may run none of {', '.join(candidates)}")
    return found[0]


class Container:
    """What its steps made, and what it runs."""

    def __init__(self, build: ImageBuild, home: Path) -> None:
        self.build = build
        self._own = {"HOME": str(home), **{k: v for k, v in build.environment.items() if k != "PYTHON"}}

    def command(self, *words: str) -> list[str]:
        """The image's entry point with these words."""
        entry = [self.build.here(word) for word in json.loads(values("ENTRYPOINT")[-1])]
        return [*FIRST, *user(), *entry, *words]

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """`docker run`."""
        return self.finished(self.command(*words), environ)

    def health(self, **environ: str) -> subprocess.CompletedProcess[str]:
        """The health check."""
        check = json.loads(values("HEALTHCHECK")[-1].partition("CMD")[2])
        return self.finished([*user(), *check], environ)

    def finished(self, command: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.build.folder,
            env={**self._own, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    @contextmanager
    def started(self, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """`docker run --detach`, and `docker kill` at the end."""
        with subprocess.Popen(
            self.command(*words),
            cwd=self.build.folder,
            env=self._own | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    if not succeeds(*FIRST, *user(), "true"):
        pytest.skip("this machine does not let us run a command as another user and as process 1: it takes root")
    # Not pytest's own folder, which is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        folder.chmod(0o755)
        app, home = folder / "app", folder / "home"
        app.mkdir()
        home.mkdir()
        build = ImageBuild("worker", app, python())
        uid, gid = map(int, values("USER")[-1].split(":"))
        os.chown(home, uid, gid)
        yield Container(build, home)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def deployment(container: Container, localstack: LocalStack) -> Mapping[str, str]:
    """The environment of a container beside LocalStack, whose streams are there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    prefix = f"image-{uuid.uuid4().hex[:8]}"
    environ = {
        **localstack.environment,
        "STREAMS": "kinesis",
        "STREAM_PREFIX": prefix,
        "TABLE_PREFIX": f"{prefix}-",
        "METRICS_ADDRESS": "127.0.0.1",
        "METRICS_PORT": str(port),
    }
    made = container.run("streams", "create", **environ)
    assert made.returncode == 0, made.stderr
    return environ


def test_without_words_it_helps(container: Container) -> None:
    ended = container.run(*json.loads(values("CMD")[-1]))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "worker" in ended.stdout


def test_it_has_what_the_pipeline_and_its_workers_need(container: Container) -> None:
    ended = container.run("doctor", "--json")
    assert ended.returncode == 0, ended.stderr
    # An engine may be called as an extra is.
    found = {
        finding["name"]: finding
        for finding in json.loads(ended.stdout)["findings"]
        if finding["part"] not in set(EngineKind)
    }
    for name in ("workers", "offline", "aws", "Java", "Kinesis Client Library"):
        assert found[name]["present"], found[name]


def test_its_user_cannot_change_it(container: Container) -> None:
    folder = container.build.folder
    assert not succeeds(*user(), "touch", str(folder / "cli/main.py"))
    assert not list(folder.rglob(".env"))


def test_a_worker_as_process_1_is_well_and_ends_well_at_sigterm(
    container: Container, deployment: Mapping[str, str]
) -> None:
    assert container.health(**deployment).returncode == 1
    with container.started("worker", "dedup", **deployment) as running:
        wait_until(
            lambda: container.health(**deployment).returncode == 0 or running.poll() is not None, "a healthy worker"
        )
        assert running.poll() is None, running.communicate()
        (first,) = psutil.Process(running.pid).children()
        first.send_signal(signal.SIGTERM)
        output, errors = running.communicate(timeout=TIMEOUT)
    assert running.returncode == 0, errors
    assert "Stopped dedup." in output
