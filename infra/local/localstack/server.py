"""A LocalStack that this process starts and stops."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from infra.local.localstack import readiness
from infra.local.localstack.errors import LocalStackFailed, LocalStackMissing, PortInUse

REGION = "us-east-1"
_HERE = Path(__file__).resolve().parent
_ENVIRONMENT = _HERE.parents[2] / ".venv-localstack"
_LOOPBACK = "127.0.0.1"
#: How many lines of its log an error shows.
_LOG_LINES = 20


class LocalStack:
    """Kinesis, DynamoDB and CloudWatch on the loopback interface; what they hold is gone when it stops.

    Use it as a context manager, or call `start` and `stop`. It ends, too, when this process is gone, however that
    ended. Without a port it takes a free one. Its log goes to the file `log`, or nowhere.
    """

    def __init__(self, port: int | None = None, *, log: Path | None = None) -> None:
        self.port = _free_port() if port is None else port
        self._kept_log = log
        self._root: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Its address, for every service."""
        return f"http://{_LOOPBACK}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a program has in its environment to use this LocalStack."""
        return client_environment(self.endpoint)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, *, timeout: float = 60.0) -> None:
        """Starts it, and returns when Kinesis and DynamoDB answer.

        Raises LocalStackMissing, PortInUse, or, where it does not answer within `timeout` seconds, LocalStackFailed.
        """
        if not (_ENVIRONMENT / "installed").exists() or (node := shutil.which("node")) is None:
            raise LocalStackMissing("LocalStack is not installed here; make localstack installs and starts it")
        _check_free(self.port)
        try:
            self._launch(Path(node))
            self._wait(time.monotonic() + timeout, timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it at once, for it has nothing to save, and returns when all of it is gone."""
        if self._process is not None:
            if (pid := self.pid) is not None:
                _kill_tree(pid)
            self._process.wait()
            self._process = None
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def log(self) -> str:
        """The last lines that it logged."""
        if (path := self._log_path()) is None or not path.exists():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, _LOG_LINES)).strip()

    def _log_path(self) -> Path | None:
        return self._kept_log or (None if self._root is None else self._root / "localstack.log")

    def _launch(self, node: Path) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="localstack-"))
        # Where LocalStack looks for kinesis-local before it would download it.
        placed = self._root / "usr/lib/localstack"
        placed.parent.mkdir(parents=True)
        placed.symlink_to(_ENVIRONMENT / "root/usr/lib/localstack")
        path = self._log_path()
        assert path is not None
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (nothing in it is a user's)
                [_ENVIRONMENT / "bin/python", "-m", "localstack_plugin", str(os.getpid())],
                cwd=self._root,
                env=_settings(self.port, self._root, node),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for us alone: we stop it.
                start_new_session=True,
            )

    def _wait(self, deadline: float, timeout: float) -> None:
        waiting = list(readiness.SERVICES)
        while waiting:
            remaining = deadline - time.monotonic()
            if self.pid is None:
                raise LocalStackFailed("LocalStack ended while it started", self.log())
            if remaining <= 0:
                raise LocalStackFailed(f"LocalStack did not answer within {timeout:g} s", self.log())
            if readiness.answers(waiting[0], self.port, region=REGION, timeout=remaining):
                del waiting[0]
            else:
                time.sleep(0.05)


def client_environment(endpoint: str) -> dict[str, str]:
    """What a program has in its environment to use a LocalStack at that address."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def _settings(port: int, root: Path, node: Path) -> dict[str, str]:
    """LocalStack's whole environment: nothing that is set on this machine changes what it does."""
    preload = str(_HERE / "loopback.cjs").replace("\\", "\\\\").replace('"', '\\"')
    return {
        # It caches its own plugins below HOME.
        "HOME": str(_ENVIRONMENT / "root"),
        "LANG": "C.UTF-8",
        "PATH": f"{node.parent}:/usr/local/bin:/usr/bin:/bin",
        "FILESYSTEM_ROOT": str(root),
        "OVERRIDE_IN_DOCKER": "0",
        "GATEWAY_LISTEN": f"{_LOOPBACK}:{port}",
        # The other server that it has listens on every interface.
        "GATEWAY_SERVER": "hypercorn",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        # So that a test, or a curious user, can have it refuse records for a while: KINESIS_ERROR_PROBABILITY.
        "ENABLE_CONFIG_UPDATES": "1",
        "KINESIS_LATENCY": "0",
        "KINESIS_PERSISTENCE": "0",
        "KINESIS_SHARD_LIMIT": "1000",
        "PROVIDER_OVERRIDE_DYNAMODB": "moto",
        "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "moto",
        "NODE_OPTIONS": f'--require "{preload}"',
    }


def _kill_tree(pid: int) -> None:
    """Kills the process and what it started, since Kinesis is a process of its own, and waits until all are gone."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        for process in tree:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(tree, timeout=5)


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _check_free(port: int) -> None:
    try:
        socket.create_server((_LOOPBACK, port)).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        what = f"port {port} is in use: stop what listens there, or set LOCALSTACK_HOST=localhost:PORT"
        raise PortInUse(what) from None
