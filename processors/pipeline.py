"""The stages as a library: all five, or some, in a program's own process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from processors.backend import Backend, memory
from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.engines.engines import Engines
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.stages import STAGES
from processors.synthesize.stage import SynthesizeStage
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.stage import TranscribeStage
from processors.translate.stage import TranslateStage
from shared.aio import beside
from shared.clock import SystemClock
from shared.errors import SettingError
from shared.metrics import Metrics
from shared.sessions import Session
from shared.settings import OF_A_SESSION, Settings
from shared.streams import Stream, StreamName


class Pipeline:
    """The stages, run by a local host in this process: `async with Pipeline() as pipeline: ...`.

    A producer writes to `audio` (`AudioProducer(pipeline.audio, pipeline.store, session)`), and subscribers read
    `streams`. On streams in memory, the default, they share the pipeline's event loop; on those of a backend such as
    `kinesis(settings)` they may be anywhere. `settings` are by default those of the environment, and `engines` those
    that the settings choose. `stages` names those that run here; an engine that none of them needs is not loaded.
    `crashes` is a folder that outlives the process: with it a record that killed three processes in a row is a dead
    letter.

    It is made on the event loop that it runs on. Making it raises SettingError for a setting of the environment,
    EngineUnavailable or SetupError where an engine lacks something, and ValueError for stages that there are none of.
    """

    def __init__(
        self,
        engines: Engines | None = None,
        settings: Settings | None = None,
        metrics: Metrics | None = None,
        backend: Backend | None = None,
        crashes: Path | None = None,
        *,
        stages: Collection[str] = tuple(STAGES),
    ) -> None:
        if not stages or not set(stages) <= STAGES.keys() or len(set(stages)) < len(stages):
            raise ValueError(f"expected stages of {', '.join(STAGES)}, each once, got {', '.join(stages) or 'none'}")
        self._settings = settings or Settings.load()
        self._engines = engines or Engines(self._settings)
        self._backend = backend or memory(self._settings)
        self._is_whole = len(stages) == len(STAGES)
        #: Every stream by its name.
        self.streams = self._backend.streams
        #: The sessions' items.
        self.store = self._backend.store
        self.host = LocalHost(
            [[make_stage(name, self._engines, self._settings, self._backend)] for name in STAGES if name in stages],
            self.streams,
            self.store,
            checkpoints=self._backend.checkpoints,
            settings=self._settings,
            metrics=metrics,
            crashes=crashes,
        )
        self._running: AbstractAsyncContextManager[None] | None = None

    @property
    def audio(self) -> Stream:
        """The stream that producers write to."""
        return self.streams[StreamName.AUDIO]

    async def create_session(
        self,
        id: str,
        source_language: str,
        target_languages: Sequence[str],
        *,
        rate: int = 16000,
        settings: Mapping[str, str] | None = None,
    ) -> Session:
        """Creates a session for a producer to speak on; languages are ISO 639-1 codes, `rate` is in samples a second.

        `settings` overrides those of the pipeline, by their environment names. Raises SettingError for an id, a rate or
        a setting that no session can have, UnsupportedLanguage where all stages run here and their engines do not serve
        the languages, SessionExists where the id is taken, and StoreUnavailable.
        """
        if isinstance(target_languages, str):
            raise SettingError(f"session {id}: expected a list of target languages, got {target_languages!r}")
        session = Session(
            id=id,
            source_language=source_language,
            target_languages=tuple(target_languages),
            rate=rate,
            settings=dict(settings or {}),
        )
        self._settings.override(session.settings)
        if of_the_process := sorted(session.settings.keys() - OF_A_SESSION):
            raise SettingError(f"session {id}: expected settings of a session, got {', '.join(of_the_process)}")
        if self._is_whole:
            self._engines.check(source_language, session.target_languages)
        await self.store.create(session)
        return session

    async def run(self) -> None:
        """Runs the stages until this is cancelled; raises what `async with` does."""
        async with self:
            await self.host.ended()

    async def __aenter__(self) -> Self:
        """Starts the stages; raises ResourceMissing, or another SetupError, where a stream or table is missing.

        StreamUnavailable and StoreUnavailable say that nobody answers.
        """
        if self._running is not None:
            raise RuntimeError("expected a new pipeline, got one that was entered before")
        self._running = self._run()
        await self._running.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the stages: they finish what they can, checkpoint what they have done, and close their engines.

        Where this is cancelled meanwhile, it ends them where they stand; what they have not acked is not checkpointed.
        Where the host itself fails, as for a stream that is deleted meanwhile, the block is cancelled, and this raises
        what it failed with.
        """
        assert self._running is not None
        await self._running.__aexit__(kind, error, traceback)

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        try:
            await self._backend.check()
            self.host.start()
            async with beside(self._fail_with_host()):
                yield
        finally:
            await self._stop()
        await self.host.ended()

    async def _stop(self) -> None:
        try:
            await self.host.stop()
        except asyncio.CancelledError:
            await self.host.kill()
            # Nothing is left to wait for: it closes the engines.
            await self.host.stop()
            raise

    async def _fail_with_host(self) -> None:
        try:
            await self.host.ended()
        except Exception:
            # Its streams are gone: there is nothing to finish.
            await self.host.kill()
            raise


_MAKERS: dict[str, Callable[[Engines, Settings, Backend], Stage]] = {
    "transcribe": lambda engines, settings, backend: TranscribeStage(
        engines.recogniser, IdleSessions(backend.store, settings, SystemClock())
    ),
    "stability": lambda *_: StabilityStage(),
    "dedup": lambda *_: DedupStage(),
    "translate": lambda engines, _, backend: TranslateStage(engines.translator, backend.cache, backend.usage),
    "synthesize": lambda engines, *_: SynthesizeStage(engines.synthesizer),
}


def make_stage(name: str, engines: Engines, settings: Settings, backend: Backend) -> Stage:
    """The stage of this name, for a host of one's own; it loads the engine that it needs, and raises as that does."""
    return _MAKERS[name](engines, settings, backend)
