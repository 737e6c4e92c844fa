"""Where AWS is: region, credentials and endpoint, from the environment and the usual files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import orjson
import pytest

from shared.aws import Aws
from shared.errors import SetupError, StreamUnavailable
from tests.support.aws_settings import nothing_set
from tests.support.endless import endless
from tests.support.waiting import TIMEOUT


@pytest.fixture(autouse=True)
def credentials_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing is set but credentials; where the configuration file would be."""
    config = nothing_set(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return config


def region_of(aws: Aws) -> str:
    """The region that calls go to."""
    return aws.client("kinesis", StreamUnavailable).endpoint


@pytest.mark.hermetic
def test_aws_region_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws = Aws()
    assert aws.region == "eu-west-1"
    assert region_of(aws) == "https://kinesis.eu-west-1.amazonaws.com"


@pytest.mark.hermetic
def test_aws_region_counts_more_than_the_default_region_and_the_file(
    monkeypatch: pytest.MonkeyPatch, credentials_alone: Path
) -> None:
    credentials_alone.write_text("[default]\nregion = us-east-2\n", encoding="utf-8")
    assert Aws().region == "us-east-2"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert Aws().region == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Aws().region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "")
    assert Aws().region == "us-west-2"


@pytest.mark.hermetic
def test_without_a_region_it_says_what_to_set() -> None:
    with pytest.raises(SetupError, match="set AWS_REGION"):
        Aws()


@pytest.mark.hermetic
@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_the_profile_default_needs_no_configuration_file(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "default")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws = Aws()
    assert aws.region == "eu-west-1"
    assert region_of(aws) == "https://kinesis.eu-west-1.amazonaws.com"


@pytest.mark.hermetic
def test_a_profile_of_the_configuration_file_counts(monkeypatch: pytest.MonkeyPatch, credentials_alone: Path) -> None:
    credentials_alone.write_text(
        "[default]\nregion = us-east-2\n[profile stage]\nregion = sa-east-1\n", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_PROFILE", "stage")
    assert Aws().region == "sa-east-1"
    monkeypatch.setenv("AWS_PROFILE", "default")
    assert Aws().region == "us-east-2"


@pytest.mark.hermetic
def test_another_profile_that_no_file_has_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "other")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(SetupError, match=r"AWS: .*\bother\b"):
        Aws()


@pytest.mark.hermetic
def test_calls_go_to_the_endpoint_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    aws = Aws()
    for service in ("kinesis", "dynamodb"):
        assert aws.client(service, StreamUnavailable).endpoint == "http://localhost:4566"


@pytest.mark.hermetic
def test_an_endpoint_that_is_no_address_is_a_setup_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")
    with pytest.raises(SetupError, match="localhost"):
        Aws().client("kinesis", StreamUnavailable)


@pytest.mark.hermetic
@pytest.mark.parametrize("empty", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_set_to_nothing_is_not_set(
    monkeypatch: pytest.MonkeyPatch, credentials_alone: Path, empty: str
) -> None:
    monkeypatch.setenv(empty, "")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Aws().region == "eu-west-1"
    monkeypatch.delenv("AWS_REGION")
    credentials_alone.write_text(
        "[default]\nregion = us-east-2\n[profile stage]\nregion = sa-east-1\n", encoding="utf-8"
    )
    assert Aws().region == "us-east-2"
    monkeypatch.setenv({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}.difference([empty]).pop(), "stage")
    assert Aws().region == "sa-east-1"


@pytest.mark.system
async def test_credentials_that_cannot_be_renewed_for_now_are_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """On ECS and EKS they come from an endpoint, and are renewed while those held are still good."""
    answers = True

    class Credentials(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expires = datetime.now(UTC) + timedelta(minutes=8)
            body = orjson.dumps(
                {
                    "AccessKeyId": "key",
                    "SecretAccessKey": "secret",
                    "Token": "token",
                    "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )
            self.send_response(200 if answers else 500)
            self.end_headers()
            self.wfile.write(body if answers else b"")

        def log_message(self, *_: object) -> None:
            """Not on the tests' output."""

    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    with HTTPServer(("127.0.0.1", 0), Credentials) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        client = Aws().client("kinesis", StreamUnavailable)
        answers = False
        with pytest.raises(StreamUnavailable, match="CredentialRetrievalError"):
            await client.call("list_shards", StreamName="words")
        # Without any, nothing can begin.
        with pytest.raises(SetupError, match="container-role"):
            Aws().client("kinesis", StreamUnavailable)
        server.shutdown()
        serving.join()


@pytest.mark.hermetic
async def test_a_call_without_credentials_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = Aws().client("kinesis", StreamUnavailable)
    with pytest.raises(SetupError, match="AWS_ACCESS_KEY_ID"):
        await client.call("list_shards", StreamName="words")


@pytest.mark.system
async def test_nobody_at_the_endpoint_is_unavailable_after_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = Aws().client("kinesis", StreamUnavailable)
    with pytest.raises(StreamUnavailable, match=r"http://127\.0\.0\.1:9 list_shards"):
        await client.call("list_shards", StreamName="words")


@contextmanager
def serving(status: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A service that answers every call with this status and no more; the names of the calls."""
    calls: list[str] = []

    class Empty(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls.append(self.headers["X-Amz-Target"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the tests' output."""

    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield calls
        server.shutdown()
        thread.join()


@pytest.mark.system
async def test_a_call_that_the_service_fails_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(500, monkeypatch) as calls, pytest.raises(StreamUnavailable, match="500"):
        await Aws().client("kinesis", StreamUnavailable).call("list_shards", StreamName="words")
    assert calls == ["Kinesis_20131202.ListShards"]


@pytest.mark.system
@pytest.mark.parametrize(
    ("operation", "missing"), [("get_records", "Records"), ("describe_stream_summary", "StreamDescriptionSummary")]
)
async def test_an_answer_without_what_the_service_always_says_is_none(
    monkeypatch: pytest.MonkeyPatch, operation: str, missing: str
) -> None:
    with serving(200, monkeypatch), pytest.raises(StreamUnavailable, match=f"expected a {missing}, got none$"):
        await Aws().client("kinesis", StreamUnavailable).call(operation)


@pytest.mark.system
def test_a_process_ends_though_aws_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import asyncio
from shared.aws import Aws
from shared.errors import StreamUnavailable

async def main():
    async with asyncio.timeout(1):
        await Aws().client("kinesis", StreamUnavailable).call("list_shards", StreamName="words")

try:
    asyncio.run(main())
except TimeoutError:
    print("given up")
"""
    with endless() as aws:
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{aws.port}")
        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=TIMEOUT
        )
    assert (ended.stdout, ended.stderr) == ("given up\n", "")


@pytest.mark.hermetic
def test_the_endpoint_of_a_service_that_boto3_has_no_client_of_comes_from_where_those_of_others_do(
    monkeypatch: pytest.MonkeyPatch, credentials_alone: Path
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Aws().endpoint("transcribe-streaming") is None
    credentials_alone.write_text(
        "[default]\nservices = local\n[services local]\ntranscribe_streaming =\n  endpoint_url = https://localhost:1\n"
    )
    assert Aws().endpoint("transcribe-streaming") == "https://localhost:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:2")
    assert Aws().endpoint("transcribe-streaming") == "http://localhost:2"
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "https://localhost:3")
    assert Aws().endpoint("transcribe-streaming") == "https://localhost:3"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert Aws().endpoint("transcribe-streaming") is None


@pytest.mark.hermetic
def test_credentials_are_those_that_are_valid_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    held = Aws().credentials()
    assert (held.access_key, held.secret_key, held.token) == ("key", "secret", "token")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SetupError, match="no credentials; set AWS_ACCESS_KEY_ID"):
        Aws().credentials()


@pytest.mark.hermetic
def test_the_authorities_to_trust_are_named(monkeypatch: pytest.MonkeyPatch, credentials_alone: Path) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Aws().ca_bundle is None
    credentials_alone.write_text("[default]\nca_bundle = /etc/file.pem\n")
    assert Aws().ca_bundle == "/etc/file.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/environment.pem")
    assert Aws().ca_bundle == "/etc/environment.pem"
