"""An HTTP proxy that passes connections on by CONNECT, and alone knows where the hosts of a test are."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self


class ConnectProxy:
    """Serves inside `async with`, at `port` of 127.0.0.1.

    `hosts` are the ports, on this machine, of the host names that it knows; `login` is `user:password` where it asks
    for one; with `tls` it is itself spoken to over TLS. `asked` is what each CONNECT was for.
    """

    def __init__(
        self, hosts: Mapping[str, int], *, login: str | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[str] = []
        self._hosts = hosts
        self._login = login
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it is."""
        assert self._server is not None
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (method, target, _), *fields = (line.split(maxsplit=2) for line in head.strip().splitlines())
        headers = {name.lower(): " ".join(value) for name, *value in fields}
        assert method == "CONNECT"
        self.asked.append(target)
        if self._login and headers.get("proxy-authorization:") != f"Basic {b64encode(self._login.encode()).decode()}":
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            # The client closes once it has read that; a proxy that closed first could be seen before its answer is.
            await reader.read()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._hosts[target.rpartition(":")[0]])
        writer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    sink.close()
