"""PocketSphinx: a light offline recogniser of English with real word times, one process a take."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson

from processors.transcribe.engines.hypothesis_queue import HypothesisQueue
from processors.transcribe.recogniser import Hypothesis, Recogniser, RecogniserEngine
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import Word
from shared.sessions import Session
from shared.word_stability import RepeatedAgreement, all_stable

#: A word is stable that stood at least two words from the end in two hypotheses running: of words marked so, 1.4 %
#: differ in the final (tests/benchmarks/recognisers.py measures it).
TAIL, REPEATS = 2, 2
#: The longest wait for a decoder process to load its model, in s.
_LOAD_TIMEOUT = 30.0
_DECODER = Path(__file__).with_name("pocketsphinx_decoder.py")


class PocketsphinxEngine(RecogniserEngine):
    """Starts a decoder process for every take."""

    rate = 16000
    feed_rate: float | None = None

    def __init__(self) -> None:
        self._takes: set[_Take] = set()

    def languages(self) -> frozenset[str]:
        return frozenset({"en"})

    async def open(self, session: Session, start: int) -> _Take:
        if session.source_language not in self.languages():
            raise UnsupportedLanguage(f"pocketsphinx recognises en, not {session.source_language}")
        try:
            # -P keeps this folder, which has a pocketsphinx.py of its own, out of the decoder's module path.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(_DECODER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        except OSError as error:
            raise EngineUnavailable(f"pocketsphinx: its decoder process did not start: {error}") from error
        take = _Take(process, self._takes)
        try:
            await take.start()
        except BaseException:
            await take.close()
            raise
        return take

    async def close(self) -> None:
        await asyncio.gather(*(take.close() for take in tuple(self._takes)))


class _Take(Recogniser):
    """One decoder process; the pipes' buffers, about 4 s, are what may wait for it."""

    def __init__(self, process: asyncio.subprocess.Process, takes: set[_Take]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._takes = takes
        takes.add(self)
        self._hypotheses = HypothesisQueue()
        self._agreement = RepeatedAgreement(TAIL, REPEATS)
        self._utterance = 0
        self._decoded = 0
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Waits until the decoder is ready; raises EngineUnavailable."""
        try:
            async with asyncio.timeout(_LOAD_TIMEOUT):
                ready = await self._stdout.readline()
        except TimeoutError:
            raise EngineUnavailable(f"pocketsphinx: its decoder was not ready after {_LOAD_TIMEOUT:g} s") from None
        if not ready:
            raise EngineUnavailable(f"pocketsphinx: its decoder ended with code {await self._process.wait()}")
        self._reading = asyncio.create_task(self._read())

    @property
    def decoded(self) -> int:
        """What the decoder said of itself last."""
        return self._hypotheses.drained_until(self._decoded)

    async def feed(self, pcm: bytes) -> None:
        if not self._hypotheses.ended:
            try:
                self._stdin.write(pcm)
                await self._stdin.drain()
            except ConnectionError:
                self._hypotheses.end()

    async def finish(self) -> None:
        self._stdin.close()

    def __aiter__(self) -> HypothesisQueue:
        return self._hypotheses

    async def close(self) -> None:
        self._hypotheses.end()
        if self._process.returncode is None:
            self._process.kill()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._process.wait()
        self._stdin.close()
        self._takes.discard(self)

    async def _read(self) -> None:
        """Publishes what the decoder says until it ends; one that fails has dropped."""
        async for line in self._stdout:
            said = orjson.loads(line)
            if "decoded" in said:
                self._decoded = said["decoded"]
                continue
            self._decoded = said["position"]
            self._hypotheses.put(self._hypothesis(said))
        code = await self._process.wait()
        self._hypotheses.end(EngineUnavailable(f"pocketsphinx: its decoder ended with code {code}") if code else None)

    def _hypothesis(self, said: Any) -> Hypothesis:
        if said["utterance"] != self._utterance:
            self._agreement = RepeatedAgreement(TAIL, REPEATS)
            self._utterance = said["utterance"]
        items = tuple(Word(*word) for word in said.pop("words"))
        return Hypothesis(items=all_stable(items) if said["final"] else self._agreement.mark(items), **said)
