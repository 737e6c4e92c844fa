"""The emulator of Transcribe streaming."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from types import TracebackType
from typing import Self
from uuid import uuid4

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe.connection import ServerConnection
from emulators.transcribe.errors import LimitExceeded, TranscribeError, UnknownOperation
from emulators.transcribe.exchange import Exchange
from emulators.transcribe.limits import TranscribeLimits
from emulators.transcribe.request import TranscriptionRequest
from emulators.transcribe.stream import Rules, TranscriptionStream
from processors.transcribe.recogniser import RecogniserEngine

_LOG = logging.getLogger(__name__)


class TranscribeServer:
    """Speaks HTTP/2 over TLS as the service does, with `engine` behind it; the engine stays its owner's to close.

    Without a port it takes a free one. With the `secret` of the callers' access key every message's signature is
    checked; else any is taken. `filters` gives vocabulary filters their words; one that is not there, like any
    vocabulary, is taken and changes nothing. Use it as an asynchronous context manager, or call `start` and `close`.
    """

    def __init__(
        self,
        engine: RecogniserEngine,
        certificates: Certificates,
        faults: Faults,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        limits: TranscribeLimits | None = None,
        secret: str | None = None,
        filters: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._rules = Rules(engine, faults, limits or TranscribeLimits(), secret, filters or {})
        self._context = certificates.server_context(["h2"])
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._connections: set[ServerConnection] = set()
        self._streams: dict[str, TranscriptionStream] = {}

    @property
    def endpoint(self) -> str:
        """The URL that a client is given, once the server has started."""
        return f"https://localhost:{self._port}"

    async def start(self) -> None:
        """Listens; raises OSError where the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ServerConnection(self._handle, self._connections), self._host, self._port, ssl=self._context
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listens no more and ends every stream at once."""
        if self._server is not None:
            self._server.close()
            await asyncio.gather(*(connection.close() for connection in tuple(self._connections)))
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _handle(self, exchange: Exchange) -> None:
        try:
            await self._transcribe(exchange)
        except TranscribeError as error:
            headers = {
                "content-type": "application/json",
                "x-amzn-errortype": error.code,
                "x-amzn-request-id": str(uuid4()),
            }
            exchange.respond(error.status, headers)
            await exchange.send(error.body())
            exchange.end()

    async def _transcribe(self, exchange: Exchange) -> None:
        method, path = exchange.headers.get(":method"), exchange.headers.get(":path")
        if (method, path) != ("POST", "/stream-transcription"):
            raise UnknownOperation(f"Expected POST /stream-transcription, got {method} {path}")
        request = TranscriptionRequest.read(exchange.headers)
        if len(self._streams) >= self._rules.limits.streams and request.session_id not in self._streams:
            raise LimitExceeded(
                "You have reached your account's limit of streams at the same time: "
                f"{self._rules.limits.streams}. Wait until one has ended and try your request again."
            )
        stream = TranscriptionStream(exchange, request, self._rules)
        if (earlier := self._streams.get(request.session_id)) is not None:
            earlier.supersede()
        self._streams[request.session_id] = stream
        try:
            _LOG.info("AWS transcribe.StartStreamTranscription")
            await stream.run()
        finally:
            if self._streams.get(request.session_id) is stream:
                del self._streams[request.session_id]
