"""What a test asks of emulators that run elsewhere."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector

from tests.integration.emulators.emulator_client import emulated

pytestmark = pytest.mark.system


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[ClientSession]:
    async with emulated("polly", tmp_path) as running:
        context = ssl.create_default_context(cafile=running.bundle)
        async with ClientSession(running.server.endpoint, connector=TCPConnector(ssl=context)) as session:
            yield session


async def test_they_say_that_they_run(session: ClientSession) -> None:
    async with session.get("/_emulators/health") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_faults_are_added_shown_and_gone_once_they_have_struck(session: ClientSession) -> None:
    async with session.post("/_emulators/faults", json=["polly:throttle", "abort@1.5x2"]) as answer:
        assert await answer.json() == ["polly:throttle", "transcribe:abort@1.5", "transcribe:abort@1.5"]
    async with session.get("/v1/voices") as refused:
        assert (refused.status, refused.headers["x-amzn-ErrorType"]) == (400, "ThrottlingException")
    async with session.get("/_emulators/faults") as answer:
        assert await answer.json() == ["transcribe:abort@1.5", "transcribe:abort@1.5"]


@pytest.mark.parametrize(
    "body", ["no JSON", '"polly:throttle"', "[1]", '["polly:thunder"]', '["translate:throttle@1x3"]']
)
async def test_what_is_no_fault_is_refused_and_adds_none(session: ClientSession, body: str) -> None:
    async with session.post("/_emulators/faults", data=body) as answer:
        assert answer.status == 400
    async with session.get("/_emulators/faults") as answer:
        assert await answer.json() == []
