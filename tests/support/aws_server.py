"""A server that an unmodified boto3 takes for an AWS service, which answers what a test wants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

#: What was asked: the decoded JSON of the body.
Asked = dict[str, Any]
Answer = Callable[[web.Request, Asked], Awaitable[web.StreamResponse]]


def refusal(code: str, message: str = "", status: int = 400) -> web.Response:
    """A modelled error, for services of either JSON protocol."""
    body = json.dumps({"__type": code, "message": message})
    return web.Response(status=status, text=body, headers={"x-amzn-ErrorType": code})


class AwsServer:
    """Keeps what it was asked; `answer` may be changed while it runs."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Answer = self._refuse

    async def start(self) -> AwsServer:
        """Listens on a free port of this machine."""
        application = web.Application()
        application.router.add_post("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def stop(self) -> None:
        """Breaks off what is under way."""
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        self.asked.append(asked)
        return await self.answer(request, asked)

    async def _refuse(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        return refusal("ServiceUnavailableException", status=503)


@pytest.fixture
async def aws_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsServer]:
    """A server that boto3 finds by the usual AWS means."""
    for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    server = await AwsServer().start()
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL_TRANSLATE": server.url,
        "AWS_ENDPOINT_URL_POLLY": server.url,
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    await server.stop()
