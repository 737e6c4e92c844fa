"""An HTTP/2 connection as its server sees it: one exchange at a time, flow control both ways."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError

from emulators.transcribe.exchange import Exchange

_LOG = logging.getLogger(__name__)

Handler = Callable[[Exchange], Awaitable[None]]


class ServerConnection(asyncio.Protocol):
    """Hands each request to `handler`, in a task that ends with the request's stream.

    A second stream beside an open one is refused (REFUSED_STREAM).
    """

    def __init__(self, handler: Handler, connections: set[ServerConnection]) -> None:
        self._handler = handler
        self._connections = connections
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._transport: asyncio.Transport
        self._exchange: Exchange | None = None
        self._serving: asyncio.Task[None]
        self._tasks: set[asyncio.Task[None]] = set()
        self._writable = asyncio.Event()
        self._lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        tls: ssl.SSLObject = transport.get_extra_info("ssl_object")
        if tls.selected_alpn_protocol() != "h2":
            self._transport.close()
            return
        self._writable.set()
        self._http.initiate_connection()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._stop()
        self._writable.set()
        self._lost.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http.receive_data(data)
        except ProtocolError as error:
            _LOG.debug("not HTTP/2: %s", error)
            self.flush()
            self._transport.close()
            return
        for event in events:
            match event:
                case RequestReceived():
                    self._open(event.stream_id, dict(cast("list[tuple[str, str]]", event.headers)))
                case DataReceived():
                    self._receive(event)
                case StreamEnded():
                    if (exchange := self._found(event.stream_id)) is not None:
                        exchange.end_received()
                case StreamReset():
                    if self._found(event.stream_id) is not None:
                        self._stop()
                case WindowUpdated():
                    if self._exchange is not None:
                        self._exchange.window_changed()
                case ConnectionTerminated():
                    self._transport.close()
        self.flush()

    async def writable(self) -> None:
        """Waits until the peer takes what was written."""
        await self._writable.wait()

    def flush(self) -> None:
        """Writes what HTTP/2 has to say."""
        if (data := self._http.data_to_send()) and not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        """Closes the TCP connection with a reset, whatever is still to be sent."""
        plain: socket.socket = self._transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    async def close(self) -> None:
        """Ends the connection and what runs on it; returns once that is done."""
        self._transport.abort()
        await self._lost.wait()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _open(self, stream: int, headers: dict[str, str]) -> None:
        if self._exchange is not None and not self._exchange.ended:
            self._http.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            return
        self._exchange = Exchange(self, self._http, stream, headers)
        self._serving = asyncio.create_task(self._serve(self._exchange))
        self._tasks.add(self._serving)
        self._serving.add_done_callback(self._tasks.discard)

    async def _serve(self, exchange: Exchange) -> None:
        try:
            await self._handler(exchange)
        except Exception:
            _LOG.exception("stream %d", exchange.number)
            exchange.reset()

    def _receive(self, event: DataReceived) -> None:
        if (exchange := self._found(event.stream_id)) is not None:
            exchange.receive(event.data, event.flow_controlled_length)
            return
        # What comes for a stream that is over still counts against the connection's window.
        self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _found(self, stream: int) -> Exchange | None:
        exchange = self._exchange
        return exchange if exchange is not None and exchange.number == stream and not exchange.ended else None

    def _stop(self) -> None:
        """The peer has gone from the stream; one that has ended is left to clear up."""
        if self._exchange is not None and not self._exchange.ended:
            self._exchange.ended = True
            self._serving.cancel()
