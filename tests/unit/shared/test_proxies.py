from __future__ import annotations

import asyncio
from urllib.request import proxy_bypass

import pytest

from shared.aws import Aws
from shared.errors import SetupError, StreamUnavailable
from shared.proxies import Proxy, is_own, proxy_for, spare_own
from tests.support.endless import endless
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def no_proxy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("128.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost.example.test", False),
        ("127.0.0.1.example.test", False),
        ("", False),
        (None, False),
    ],
)
def test_this_machines_own_addresses_are_known(host: str | None, own: bool) -> None:
    assert is_own(host) is own


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p.test:3128"}, Proxy("p.test", 3128)),
        ({"https_proxy": "p.test:3128"}, Proxy("p.test", 3128)),
        ({"https_proxy": "//p.test"}, Proxy("p.test", 80)),
        ({"HTTPS_PROXY": "https://[::2]"}, Proxy("::2", 443, secure=True)),
        ({"HTTPS_PROXY": "http://a%40b:c%3Ad@p.test:1"}, Proxy("p.test", 1, username="a@b", password="c:d")),
        # The one in small letters counts.
        ({"HTTPS_PROXY": "http://other.test:1", "https_proxy": "http://p.test:1"}, Proxy("p.test", 1)),
        ({"HTTP_PROXY": "http://p.test:1"}, None),
        ({"ALL_PROXY": "http://p.test:1"}, None),
        ({"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": "amazonaws.com"}, None),
        ({"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p.test:1", "NO_PROXY": "example.test"}, Proxy("p.test", 1)),
    ],
)
def test_the_proxy_is_the_one_that_the_environment_names(
    environment: dict[str, str], found: Proxy | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for("https://transcribestreaming.us-east-1.amazonaws.com") == found
    assert proxy_for("https://127.0.0.9:4581") is None


@pytest.mark.hermetic
@pytest.mark.parametrize("url", ["socks5://u:secret@p.test:1", "http://u:secret@p.test:secret", "http://:1"])
def test_what_is_no_proxy_is_told_without_what_it_says(url: str) -> None:
    with pytest.raises(SetupError, match=r"^HTTPS_PROXY: expected ") as refused:
        Proxy.parse(url)
    assert "secret" not in str(refused.value)


@pytest.mark.hermetic
def test_a_password_is_in_no_representation() -> None:
    proxy = Proxy.parse("http://user:secret@p.test:1")
    assert str(proxy) == "p.test:1"
    assert "secret" not in repr(proxy)


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("environment", "spared"),
    [
        ({}, None),
        ({"NO_PROXY": "a.test"}, "a.test"),
        ({"HTTPS_PROXY": "p:1"}, "localhost,127.0.0.1,::1,[::1]"),
        ({"http_proxy": "p:1", "NO_PROXY": "a.test, localhost"}, "a.test,localhost,127.0.0.1,::1,[::1]"),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "*"}, "*"),
        (
            {"HTTPS_PROXY": "p:1", "AWS_ENDPOINT_URL": "http://127.1.2.3:4566", "AWS_ENDPOINT_URL_S3": "http://x[:1"},
            "localhost,127.0.0.1,::1,[::1],127.1.2.3",
        ),
    ],
)
def test_libraries_and_children_are_told_to_spare_this_machine(
    environment: dict[str, str], spared: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = dict(environment)
    spare_own(environment)
    assert environment.get("NO_PROXY") == spared
    if spared and spared.startswith("localhost"):
        monkeypatch.setenv("no_proxy", spared)
        assert all(map(proxy_bypass, ("localhost:1", "127.0.0.1:1", "[::1]:1")))


@pytest.mark.system
async def test_a_client_of_aws_reaches_this_machine_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    # No settings file, and nobody at the proxy.
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    with endless() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        client = Aws().client("kinesis", StreamUnavailable)
        calling = asyncio.create_task(client.call("list_shards", StreamName="x"))
        await asyncio.to_thread(wait_until, server.asked.is_set, "the call, past the proxy")
        calling.cancel()
