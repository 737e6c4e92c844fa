from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import orjson
import pytest

from shared.remedies import install_extra
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers all requests with these bytes, and returns its address."""
    with ExitStack() as stack:

        def start(body: bytes) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    found = self.path == "/_localstack/health"
                    self.send_response(200 if found else 404)
                    self.end_headers()
                    self.wfile.write(body if found else b"")

                def log_message(self, format: str, *arguments: Any) -> None:
                    """Says nothing."""

            server = stack.enter_context(HTTPServer(("127.0.0.1", 0), Handler))
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


def finding(llt: Llt) -> dict[str, Any]:
    outcome = llt("doctor", "--json")
    assert outcome.code == 0
    (found,) = (entry for entry in orjson.loads(outcome.out)["findings"] if entry["name"] == "LocalStack")
    assert found["part"] == "streams"
    assert not found["needed"]
    return dict(found)


def test_a_localstack_that_runs_is_found_where_the_table_of_its_client_says(
    llt: Llt, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = serve(
        b'{"services": {"s3": "disabled", "kinesis": "running", "dynamodb": "running", "cloudwatch": "available"}}'
    )
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("LOCALSTACK_HOST", address.removeprefix("http://"))
    found = finding(llt)
    assert (found["present"], found["remedy"]) == (True, "")
    assert found["detail"] == f"{address}: kinesis running, dynamodb running, cloudwatch available"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"services": {"kinesis": "running", "dynamodb": "error"}}', "dynamodb error, cloudwatch missing"),
        (b"<html>", "what answers there is no LocalStack"),
        (b"[]", "what answers there is no LocalStack"),
    ],
)
def test_what_is_no_whole_localstack_is_told_apart(
    llt: Llt, serve: Serve, monkeypatch: pytest.MonkeyPatch, body: bytes, detail: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", serve(body))
    found = finding(llt)
    assert (found["present"], found["remedy"]) == (False, "make localstack")
    assert found["detail"].endswith(detail)


def test_one_that_does_not_run_is_no_fault_and_the_command_that_starts_it_is_named(
    llt: Llt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    found = finding(llt)
    assert (found["present"], found["remedy"]) == (False, "make localstack")
    assert found["detail"] == "not at http://127.0.0.1:1: Connection refused"


def test_a_port_that_never_answers_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, llt: Llt) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        found = finding(llt)
    assert found["detail"].endswith("timed out")


def test_an_address_that_is_none_is_named(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:kinesis")
    found = finding(llt)
    assert not found["present"]
    assert "AWS_ENDPOINT_URL" in found["remedy"]
    assert "kinesis" in found["remedy"]


def test_without_its_client_the_doctor_says_how_to_get_that(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "localstack_client", None)
    found = finding(llt)
    assert (found["present"], found["detail"]) == (False, "localstack-client is missing")
    assert found["remedy"] == install_extra("infra")
