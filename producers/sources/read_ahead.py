"""Reads ahead (prefetches) in a thread of its own: a pipe may keep its reader waiting, and decoding takes time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress


async def read_ahead(chunks: Iterable[bytes], limit: int) -> AsyncIterator[bytes]:
    """The chunks, of which up to `limit` wait; raises what reading them raises.

    The thread does not keep the program from ending, since nobody can wake one that waits for a silent pipe.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(limit)
    stopped = threading.Event()

    def read() -> None:
        end: BaseException | None = None
        try:
            for chunk in chunks:
                room.acquire()
                if stopped.is_set():
                    return
                loop.call_soon_threadsafe(arrived.put_nowait, chunk)
        except BaseException as error:
            end = error
        # Where the loop is closed, nobody is left to be told.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(arrived.put_nowait, end)

    threading.Thread(target=read, name="recording", daemon=True).start()
    try:
        while (came := await arrived.get()) is not None:
            if isinstance(came, BaseException):
                raise came
            room.release()
            yield came
    finally:
        stopped.set()
        room.release()
