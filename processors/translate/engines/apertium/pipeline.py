"""One pair's pipeline: started at its first line, kept for all that follow, and restarted when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from processors.translate.engines.apertium.chain import Chain
from processors.translate.engines.apertium.markup import decode, encode
from processors.translate.engines.apertium.mode import Command
from shared.errors import EngineUnavailable


class PairPipeline:
    """Translates one line at a time; `timeout` (s) bounds each, the loading of the dictionaries included."""

    def __init__(self, name: str, commands: Sequence[Command], timeout: float) -> None:
        self._name = name
        self._commands = commands
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._chain: Chain | None = None
        self._serial = 0
        self._closed = False

    async def translate(self, line: str) -> str:
        """The line in the target language. EngineUnavailable where a process died or took too long."""
        async with self._lock:
            if self._closed:
                raise EngineUnavailable(f"apertium {self._name} is closed")
            self._serial += 1
            answered = False
            try:
                async with asyncio.timeout(self._timeout):
                    answer = await (await self._running()).ask(encode(line, self._serial))
                text = decode(answer, self._serial)
                answered = True
            except TimeoutError:
                raise EngineUnavailable(f"apertium {self._name} gave no answer within {self._timeout:g} s") from None
            except ValueError as error:
                raise EngineUnavailable(f"apertium {self._name} broke off: {error}") from None
            finally:
                # An answer that was not awaited would be taken for the next line's.
                if not answered:
                    await self._stop()
            return text

    async def close(self) -> None:
        """Ends its processes; a line that is being translated fails."""
        self._closed = True
        await self._stop()

    async def _running(self) -> Chain:
        if self._chain and not self._chain.alive:
            await self._stop()
        if self._chain is None:
            self._chain = Chain(self._commands)
            await self._chain.open()
        return self._chain

    async def _stop(self) -> None:
        chain, self._chain = self._chain, None
        if chain:
            await chain.close()
