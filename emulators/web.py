"""The server of Translate and Polly, which share a port."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from aiohttp import web

from emulators import control
from emulators.certificates import Certificates
from emulators.faults import FaultKind, Faults, Service
from emulators.polly import PollyService
from emulators.polly.formats import FORMATS
from emulators.polly.service import SpeechRequest
from emulators.service_error import ServiceError
from emulators.striking import break_off, struck_before
from emulators.translate import TranslateService

_LOG = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_TARGET = "AWSShineFrontendService_20170701."
_JSON = "application/x-amz-json-1.1"
#: Bytes of a request that are read: a terminology may have 10 MiB, a third more in base64.
_LARGEST = 16 * 1024 * 1024


class WebServer:
    """Speaks HTTP/1.1 over TLS as the two services do; their engines stay their owners' to close.

    Without a port it takes a free one. Each request is answered `latency` seconds later than it could be; audio is
    sent `pace` times as fast as it is heard, or as soon as it is made. Signatures are not looked at. Use it as an
    asynchronous context manager, or call `start` and `close`.
    """

    def __init__(
        self,
        translate: TranslateService,
        polly: PollyService,
        certificates: Certificates,
        faults: Faults,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        latency: float = 0.0,
        pace: float | None = None,
    ) -> None:
        self._translate = translate
        self._polly = polly
        self._faults = faults
        self._context = certificates.server_context(["http/1.1"])
        self._host = host
        self._port = port
        self.latency = latency
        self.pace = pace
        app = web.Application(client_max_size=_LARGEST, middlewares=[_telling, _refusing])
        app.router.add_post("/", self._answer_translate)
        app.router.add_post("/v1/speech", self._answer_speech, name="polly.SynthesizeSpeech")
        app.router.add_get("/v1/voices", self._answer_voices, name="polly.DescribeVoices")
        control.add(app.router, faults)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)

    @property
    def endpoint(self) -> str:
        """The URL that a client is given, once the server has started."""
        return f"https://localhost:{self._port}"

    async def start(self) -> None:
        """Listens; raises OSError where the port is taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, ssl_context=self._context).start()
        except OSError:
            await self.close()
            raise
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listens no more and breaks off every answer."""
        for connection in self._runner.server.connections if self._runner.server else ():
            # Else it would wait for a client that keeps its connection, idle, to say goodbye.
            if connection.transport is not None:
                connection.transport.abort()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _answer_translate(self, request: web.Request) -> web.StreamResponse:
        service, _, operation = request.headers.get("X-Amz-Target", "").rpartition(".")
        if f"{service}." != _TARGET:
            raise ServiceError("UnknownOperationException", f"expected an X-Amz-Target of {_TARGET}, got {service}")
        fault = await struck_before(self._faults, Service.TRANSLATE)
        asked = await _json(request)
        await asyncio.sleep(self.latency)
        answer = _shown(await self._translate.answer(operation, asked), _JSON)
        if fault is FaultKind.SILENT_END:
            return web.Response(content_type=_JSON)
        if fault is not None:
            break_off(request, fault)
        return answer

    async def _answer_voices(self, request: web.Request) -> web.StreamResponse:
        fault = await struck_before(self._faults, Service.POLLY)
        await asyncio.sleep(self.latency)
        answer = _shown(self._polly.voices(request.query), "application/json")
        if fault is FaultKind.SILENT_END:
            return web.Response(content_type="application/json")
        if fault is not None:
            break_off(request, fault)
        return answer

    async def _answer_speech(self, request: web.Request) -> web.StreamResponse:
        fault = await struck_before(self._faults, Service.POLLY)
        speech = self._polly.speech(await _json(request))
        await asyncio.sleep(self.latency)
        answer = web.StreamResponse(
            headers={
                "Content-Type": FORMATS[speech.format].content_type,
                "x-amzn-RequestCharacters": str(speech.characters),
                "x-amzn-RequestId": str(uuid4()),
            }
        )
        answer.enable_chunked_encoding()
        try:
            await self._send(request, answer, speech, fault)
        except ServiceError:
            if not answer.prepared:
                raise
            # The status is sent: all that is left is to break off.
            break_off(request, FaultKind.ABORT)
        return answer

    async def _send(
        self, request: web.Request, answer: web.StreamResponse, speech: SpeechRequest, fault: FaultKind | None
    ) -> None:
        """Sends the audio from its first bytes on; with a fault, those alone."""
        async with aclosing(self._polly.speak(speech)) as audio:
            async for data in audio:
                if data and not answer.prepared:
                    await answer.prepare(request)
                if data:
                    await answer.write(data)
                    if self.pace is not None:
                        await asyncio.sleep(len(data) / speech.bytes_per_second / self.pace)
                if data and fault is not None:
                    break
        if fault is not None and fault is not FaultKind.SILENT_END:
            break_off(request, fault)
            return
        if not answer.prepared:
            await answer.prepare(request)
        await answer.write_eof()


@web.middleware
async def _telling(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Logs which operation was asked for, and how it was answered, as LocalStack does."""
    answer = await handler(request)
    operation = request.match_info.route.name or request.headers.get("X-Amz-Target", "").replace(_TARGET, "translate.")
    _LOG.info("AWS %s => %d", operation or request.path, answer.status)
    return answer


@web.middleware
async def _refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers what was refused as the services do: the code in a header, and for Translate in the body too."""
    try:
        return await handler(request)
    except ServiceError as error:
        return _shown(
            {"__type": error.code, "message": str(error)},
            _JSON,
            status=error.status,
            headers={"x-amzn-ErrorType": error.code},
        )


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError:
        raise ServiceError("SerializationException", "expected JSON") from None


def _shown(
    answer: dict[str, Any], kind: str, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(
        answer, status=status, content_type=kind, headers={"x-amzn-RequestId": str(uuid4())} | (headers or {})
    )
