"""A child of the daemon as a thread of this process: virtual time waits while it is at work."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

from amazon_kclpy.kcl import KCLProcess

from processors.contract import Stage
from processors.hosts.kcl.record_processor import RecordProcessor
from processors.hosts.kcl.shard_host import ShardHost
from tests.conformance.host_under_test import HostEnvironment
from tests.support.virtual_time import VirtualLoop

Returned = TypeVar("Returned")


class ChildDied(Exception):
    """A child closed its end of the protocol; its cause is what the child died of."""


class Child:
    """What `processors.hosts.kcl.child` is in a process of its own; virtual time waits while its thread is at work."""

    def __init__(self, stages: Sequence[Stage], environment: HostEnvironment) -> None:
        self._loop = asyncio.get_running_loop()
        self._environment = environment
        self._stages = stages
        self.host = ShardHost(
            stages,
            environment.streams,
            environment.store,
            settings=environment.settings,
            metrics=environment.metrics,
            clock=environment.clock,
        )
        to_child, from_daemon = os.pipe()
        from_child, to_daemon = os.pipe()
        self._input = os.fdopen(to_child, encoding="utf-8")
        self._output = os.fdopen(to_daemon, "w", encoding="utf-8")
        self._requests = os.fdopen(from_daemon, "w", encoding="utf-8")
        self._answers = os.fdopen(from_child, "rb")
        self._reader = asyncio.StreamReader()
        self._transport: asyncio.ReadTransport | None = None
        self._at_work = False
        self._dead = False
        self._died_of: BaseException | None = None
        self._gone = asyncio.Event()
        self._working: asyncio.Task[Any] | None = None
        self._guard = asyncio.create_task(self._fail_with_host())
        # A test that fails leaves it behind.
        self._thread = threading.Thread(target=self._serve, daemon=True)

    async def start(self) -> None:
        """Begins to listen to the daemon."""
        self._transport, _ = await self._loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), self._answers
        )
        self._thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Writes a line to the child, if it is there to read it: nobody else empties the pipe."""
        if self._dead:
            return
        self._hold()
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(message) + "\n")
            self._requests.flush()

    async def answer(self) -> Mapping[str, Any]:
        """The next line from the child; raises ChildDied at its end."""
        while line := await self._reader.readline():
            if line.strip():
                self._let_go()
                answer: Mapping[str, Any] = json.loads(line)
                return answer
        raise ChildDied from self._died_of

    async def kill(self) -> None:
        """Ends it where it stands."""
        self._dead = True
        self._guard.cancel()
        await self.host.kill()
        await self._close()

    async def close(self) -> None:
        """The end of the protocol: the child ends by itself."""
        self._guard.cancel()
        await self._close()
        await self.host.kill()

    async def _close(self) -> None:
        # It may be killed before it has begun.
        if self._thread.ident is not None:
            self._hold()
            if self._working is not None:
                self._working.cancel()
            self._requests.close()
            await self._gone.wait()
            self._thread.join()
        if self._transport is not None:
            self._transport.close()
        for pipe in (self._requests, self._answers, self._input):
            pipe.close()
        with suppress(BrokenPipeError):
            self._output.close()

    # What RecordProcessor knows as its Loop, on the child's thread.

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        return asyncio.run_coroutine_threadsafe(self._paced(work), self._loop).result()

    def sleep(self, seconds: float) -> None:
        self.call(asyncio.sleep(seconds))

    def time(self) -> float:
        return self._loop.time()

    async def _paced(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """The thread waits meanwhile."""
        self._let_go()
        self._working = asyncio.current_task()
        try:
            if self._dead:
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self._working = None
            self._hold()

    def _serve(self) -> None:
        processor = RecordProcessor(self.host, self, self._crash)
        with suppress(SystemExit, BrokenPipeError):
            KCLProcess(processor, input_file=self._input, output_file=self._output).run()
        self._loop.call_soon_threadsafe(self._went)

    def _crash(self, error: BaseException) -> NoReturn:
        self._died_of = error
        raise SystemExit(1) from error

    def _went(self) -> None:
        """The thread has ended, and with it what it could have said."""
        self._dead = True
        self._let_go()
        self._gone.set()
        self._reader.feed_eof()

    async def _fail_with_host(self) -> None:
        """A fault of the host itself ends the process."""
        try:
            await self.host.ended()
        except Exception as error:
            self._died_of = error
            self._dead = True
            self._reader.feed_eof()

    def _hold(self) -> None:
        if not self._at_work and not self._gone.is_set():
            self._at_work = True
            assert isinstance(self._loop, VirtualLoop)
            self._loop.hold()

    def _let_go(self) -> None:
        if self._at_work:
            self._at_work = False
            assert isinstance(self._loop, VirtualLoop)
            self._loop.let_go()
