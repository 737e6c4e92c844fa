"""What a worker tells over HTTP: /health for container checks, /metrics for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson

from processors.hosts.kcl.daemon.measurements import Measurements
from processors.hosts.kcl.daemon.status import WorkerStatus
from shared.errors import SetupError

#: Seconds by which its end may be late.
_POLL = 0.1

Start = Callable[[str, list[tuple[str, str]]], Any]


class Health:
    """Answers on a thread of its own until it is closed.

    /metrics is what every process has measured that was started with PROMETHEUS_MULTIPROC_DIR set to `folder`.
    /health is 200 while the worker and its shards are well and 503 else, with the status as JSON.
    """

    def __init__(self, status: WorkerStatus, address: str, port: int, folder: Path) -> None:
        self._status = status
        self._measurements = Measurements(folder)
        try:
            self._server = make_server(address, port, self._answer, _Server, _Handler)
        except OSError as error:
            raise SetupError(f"METRICS_PORT={port}: {address}:{port} cannot be had: {error.strerror}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL,), name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port that it has."""
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/metrics":
                return self._measurements.answer(environ, start)
            case "/health":
                # Perhaps nobody asks for the metrics.
                self._measurements.fold()
                found = HTTPStatus.OK if self._status.healthy else HTTPStatus.SERVICE_UNAVAILABLE
                return _json(start, found, self._status.describe())
            case path:
                return _json(start, HTTPStatus.NOT_FOUND, {"error": f"{path}: expected /health or /metrics"})


def _json(start: Start, status: HTTPStatus, body: dict[str, Any]) -> list[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
    return [orjson.dumps(body)]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """A check every few seconds is no news."""
