"""One request and its response: a stream of an HTTP/2 connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError


class Transport(Protocol):
    """The connection that carries the exchange."""

    def flush(self) -> None:
        """Writes what HTTP/2 has to say."""

    async def writable(self) -> None:
        """Waits until the peer takes what was written."""

    def abort(self) -> None:
        """Closes the TCP connection with a reset."""


class Exchange:
    """Reads the request's body, which is acknowledged as it is read, and writes the response."""

    def __init__(self, transport: Transport, http: H2Connection, number: int, headers: Mapping[str, str]) -> None:
        self._transport = transport
        self._http = http
        self.number = number
        #: The request's, pseudo-headers too; names in lower case.
        self.headers = headers
        self._received: deque[tuple[bytes, int]] = deque()
        self._changed = asyncio.Event()
        self._unsent = bytearray()
        self._window = asyncio.Event()
        self._ended_there = False
        #: The response is over, whichever way.
        self.ended = False

    def receive(self, data: bytes, charged: int) -> None:
        """The next piece of the body came; `charged` is what it took of the flow-control window."""
        self._received.append((data, charged))
        self._changed.set()

    def end_received(self) -> None:
        """The body is complete."""
        self._ended_there = True
        self._changed.set()

    def window_changed(self) -> None:
        """The peer takes more."""
        self._window.set()

    async def read(self) -> bytes | None:
        """The next piece of the body; None after the last."""
        while not self._received:
            if self._ended_there:
                return None
            self._changed.clear()
            await self._changed.wait()
        data, charged = self._received.popleft()
        self._acknowledge(charged)
        return data

    def respond(self, status: int, headers: Mapping[str, str]) -> None:
        """Sends the response's headers."""
        self._http.send_headers(self.number, [(":status", str(status)), *headers.items()])
        self._transport.flush()

    async def send(self, data: bytes) -> None:
        """Sends a piece of the response's body, as the peer's window allows.

        Of a piece whose sending was cancelled the rest goes before the next.
        """
        self._unsent += data
        while self._unsent:
            await self._transport.writable()
            room = min(self._http.local_flow_control_window(self.number), self._http.max_outbound_frame_size)
            if room <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            piece = bytes(self._unsent[:room])
            del self._unsent[:room]
            self._http.send_data(self.number, piece)
            self._transport.flush()

    def end(self) -> None:
        """Ends the response; a request that still comes is told that no more of it is wanted. Once is enough."""
        if self.ended:
            return
        self.ended = True
        with suppress(ProtocolError):
            self._http.end_stream(self.number)
            if not self._ended_there:
                self._http.reset_stream(self.number, ErrorCodes.NO_ERROR)
        self._drop()

    def reset(self, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        """Resets the stream."""
        self.ended = True
        with suppress(ProtocolError):
            self._http.reset_stream(self.number, code)
        self._drop()

    def abort(self) -> None:
        """Closes the TCP connection in the middle."""
        self.ended = True
        self._transport.abort()

    def _drop(self) -> None:
        while self._received:
            self._acknowledge(self._received.popleft()[1])
        self._transport.flush()

    def _acknowledge(self, charged: int) -> None:
        with suppress(ProtocolError):
            self._http.acknowledge_received_data(charged, self.number)
        self._transport.flush()
