"""A service whose answers never end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread


@dataclass
class Endless:
    """Sends a byte of each answer a second: no client's time without a byte is ever over."""

    port: int
    asked: Event = field(default_factory=Event)
    closed: Event = field(default_factory=Event)

    def answer(self, client: socket.socket) -> None:
        """Begins an answer, and goes on with it until the client or this service is gone."""
        with client, suppress(OSError):
            client.recv(1)
            self.asked.set()
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not self.closed.wait(1):
                client.sendall(b" ")


@contextmanager
def endless() -> Iterator[Endless]:
    """Serves on a free port of 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        service = Endless(listening.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    Thread(target=service.answer, args=(client,), daemon=True).start()

        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield service
        service.closed.set()
        listening.shutdown(socket.SHUT_RDWR)
        serving.join()
