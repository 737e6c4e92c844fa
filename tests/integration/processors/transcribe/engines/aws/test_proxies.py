"""Amazon Transcribe behind a proxy: at a host that nobody but the proxy can find."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe import TranscribeServer
from processors.transcribe.engines.aws import AwsEngine
from processors.transcribe.engines.aws.amazon_transcribe import AmazonTranscribe
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from shared.aws import Aws
from shared.errors import EngineUnavailable, SetupError
from shared.models import Word
from shared.sessions import Session
from shared.settings import Settings
from tests.support.connect_proxy import ConnectProxy
from tests.support.emulated_transcribe import SECRET, environment
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

HOST = "transcribe.test"
WORDS = [Word("Good", 200, 500), Word("morning", 500, 900)]
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


@pytest.fixture(autouse=True)
def no_proxy_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def transcribe(folder: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> AsyncIterator[int]:
    """The service, at a port of this machine, which its clients know by `host`."""
    certificates = Certificates(folder, (HOST, "localhost", "127.0.0.1"))
    server = TranscribeServer(ScriptedEngine(Script.from_words(WORDS)), certificates, Faults(), secret=SECRET)
    async with server:
        port = urlsplit(server.endpoint).port
        assert port is not None
        for name, value in environment(f"https://{host}:{port}", certificates.bundle).items():
            monkeypatch.setenv(name, value)
        yield port


async def heard(opening: float = 10.0) -> str:
    """What the engine hears of two seconds of silence."""
    engine = AwsEngine(Settings(), AmazonTranscribe(Aws(), opening=opening))
    try:
        async with asyncio.timeout(TIMEOUT):
            take = await engine.open(TALK, 0)
            for _ in range(20):
                await take.feed(bytes(3200))
            await take.finish()
            finals = [hypothesis async for hypothesis in take if hypothesis.final]
            return " ".join(word.text for final in finals for word in final.items)
    finally:
        await engine.close()


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_a_stream_goes_through_the_proxy_which_finds_the_host(
    name: str, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transcribe(tmp_path, monkeypatch, HOST) as port, ConnectProxy({HOST: port}) as proxy:
        monkeypatch.setenv(name, f"{scheme}127.0.0.1:{proxy.port}")
        assert await heard() == "Good morning"
        assert proxy.asked == [f"{HOST}:{port}"]


async def test_its_credentials_are_shown_to_the_proxy_and_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        transcribe(tmp_path, monkeypatch, HOST) as port,
        ConnectProxy({HOST: port}, login="office:p@ss:w/rd") as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://office:p%40ss%3Aw%2Frd@127.0.0.1:{proxy.port}")
        assert await heard() == "Good morning"
        monkeypatch.setenv("HTTPS_PROXY", f"http://office:wr0ng@127.0.0.1:{proxy.port}")
        with pytest.raises(EngineUnavailable, match=rf"the proxy 127\.0\.0\.1:{proxy.port} refused") as refused:
            await heard()
    for secret in ("p@ss", "p%40ss", "wr0ng", "office"):
        assert secret not in caplog.text
        assert secret not in str(refused.value)


async def test_a_proxy_may_be_spoken_to_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with transcribe(tmp_path, monkeypatch, HOST) as port:
        # Both are signed by an authority of their own, and one file holds both.
        folder = tmp_path / "proxy"
        folder.mkdir()
        certificates = Certificates(folder)
        bundle = tmp_path / "emulators-ca.pem"
        bundle.write_bytes(bundle.read_bytes() + certificates.bundle.read_bytes())
        async with ConnectProxy({HOST: port}, tls=certificates.server_context(["http/1.1"])) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{proxy.port}")
            assert await heard() == "Good morning"
            assert proxy.asked == [f"{HOST}:{port}"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_this_machine_is_reached_without_it(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with transcribe(tmp_path, monkeypatch, host):
        assert await heard() == "Good morning"


async def test_a_host_that_is_to_have_no_proxy_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with transcribe(tmp_path, monkeypatch, HOST) as port, ConnectProxy({HOST: port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "example.test,.test")
        with pytest.raises(EngineUnavailable):
            await heard(opening=2.0)
        assert proxy.asked == []


async def test_what_is_no_proxy_is_told_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with transcribe(tmp_path, monkeypatch, HOST):
        monkeypatch.setenv("HTTPS_PROXY", "socks5://me:secret@127.0.0.1:1080")
        with pytest.raises(SetupError, match=r"^HTTPS_PROXY: expected .* got one at socks5://$"):
            await heard()
