"""A pipeline on virtual time whose every stage is a process of its own that can be killed and restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.hosts.checkpoints import MemoryCheckpoints
from processors.stability.stage import StabilityStage
from processors.synthesize.stage import SynthesizeStage
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe.idle_sessions import IdleSessions
from processors.transcribe.recogniser import RecogniserEngine
from processors.transcribe.stage import TranscribeStage
from processors.translate.cache import MemoryTranslationCache
from processors.translate.stage import TranslateStage
from processors.translate.translator import Translator
from shared.codec import UnknownRecord, decode, encode
from shared.errors import CodecError
from shared.metrics import MemoryMetrics
from shared.models import AudioFrame, Record, SessionEnded, Word
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from shared.streams import OLDEST, Entry, MemoryStream, ShardReader, StreamName
from tests.conformance.host_under_test import HostEnvironment, HostFactory, HostUnderTest
from tests.conformance.kill_injection import Kill, KillableCheckpoints, KillableStore, KillableStream, KillInjector
from tests.support.virtual_time import EPOCH, VirtualClock

RATE = 8000
FRAME_MS = 200
STAGES = ("transcribe", "stability", "dedup", "translate", "synthesize")
#: Each stage alone, and the ways of fusing them that are worth a look.
LAYOUTS: tuple[tuple[str, ...], ...] = (
    STAGES,
    ("transcribe", "stability+dedup+translate", "synthesize"),
    ("transcribe+stability+dedup+translate+synthesize",),
)


@dataclass(frozen=True)
class Talk:
    """One session's words, and when its speaker begins (s of virtual time)."""

    id: str
    words: tuple[Word, ...]
    begins: float = 0.0
    #: How long the frames go on behind the last word, in s; None for a session that nobody ends.
    tail: float | None = 2.0
    languages: tuple[str, ...] = ("es", "ca")
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """What is said, word by word."""
        return [word.text for word in self.words]

    @property
    def length(self) -> int:
        """Audio time (ms) of everything that is sent."""
        return (self.words[-1].end if self.words else 0) + round((self.tail or 0) * 1000)


@dataclass(frozen=True)
class Engines:
    """Makes the engines of a process that starts."""

    recogniser: Callable[[], RecogniserEngine]
    translator: Callable[[], Translator]
    synthesizer: Callable[[], Synthesizer]


class SimulatedProcess:
    """One application that is started again, a little later, whenever it is killed."""

    def __init__(self, cluster: SimulatedCluster, application: str, plan: Sequence[Kill], restart_after: float) -> None:
        self.application = application
        self.kills = 0
        self._cluster = cluster
        self._restart_after = restart_after
        self._die = asyncio.Event()
        self._injector = KillInjector(plan, self._die.set)
        self._host: HostUnderTest | None = None
        self._life = asyncio.create_task(self._live())

    @property
    def writes(self) -> int:
        """How many writes it has begun since it last started."""
        return self._injector.writes

    @property
    def host(self) -> HostUnderTest:
        """What runs now."""
        assert self._host is not None
        return self._host

    def kill(self) -> None:
        """Kills it where it stands."""
        self._injector.died()
        self._die.set()

    async def stop(self) -> None:
        """Ends it gracefully, for good; raises what its host failed with."""
        self._life.cancel()
        with suppress(asyncio.CancelledError):
            await self._life
        if self._host is not None:
            await self._host.stop()
            await self._host.ended()

    async def _live(self) -> None:
        while True:
            self._die.clear()
            self._injector.restarted()
            self._host = self._cluster.host(self.application, self._injector)
            self._host.start()
            await self._die.wait()
            self.kills += 1
            await self._host.kill()
            self._host = None
            await asyncio.sleep(self._restart_after)


class SimulatedCluster:
    """Streams, store and checkpoints that outlive every process, and the processes."""

    def __init__(
        self,
        factory: HostFactory,
        engines: Engines,
        *,
        settings: Settings | None = None,
        streams: Mapping[StreamName, MemoryStream] | None = None,
    ) -> None:
        self.streams = dict(streams or {name: memory_stream(name) for name in StreamName})
        self.store = MemorySessionStore()
        #: What the workers see of it; a test may put one that fails in its place.
        self.worker_store: Any = self.store
        self.checkpoints = MemoryCheckpoints()
        self.metrics = MemoryMetrics()
        self.processes: list[SimulatedProcess] = []
        #: What processes that nobody killed have died of, and what of that a test has planned.
        self.crashes: list[BaseException] = []
        self.planned: tuple[type[BaseException], ...] = ()
        #: What a process of an application finds; a test may put in something that is slow, cut off or wrong.
        self.view: Callable[[str, HostEnvironment], HostEnvironment] = lambda application, environment: environment
        self._factory = factory
        self._engines = engines
        self._settings = settings or Settings()

    def start(
        self, layout: Sequence[str] = STAGES, plans: Mapping[str, Sequence[Kill]] | None = None, restart: float = 0.5
    ) -> None:
        """Starts a process an application; `plans` says where each is killed."""
        for application in layout:
            self.processes.append(SimulatedProcess(self, application, (plans or {}).get(application, ()), restart))

    async def stop(self) -> None:
        """Stops every process; fails where one has crashed and no test has planned it."""
        for process in self.processes:
            await process.stop()
        self.processes.clear()
        if unplanned := [crash for crash in self.crashes if not isinstance(crash, self.planned)]:
            raise AssertionError(f"crashes that nobody planned: {unplanned!r:.1000}") from unplanned[0]

    def host(self, application: str, injector: KillInjector) -> HostUnderTest:
        """A new host for the application, its writes behind the injector."""
        environment = HostEnvironment(
            {name: KillableStream(stream, injector) for name, stream in self.streams.items()},
            KillableStore(self.worker_store, injector),
            KillableCheckpoints(self.checkpoints, injector),
            self._settings,
            self.metrics,
            VirtualClock(),
            self.crashes.append,
        )
        return self._factory([self.stage(name) for name in application.split("+")], self.view(application, environment))

    async def speak(self, talk: Talk) -> None:
        """Creates the session and sends its audio at real-time pace."""
        await asyncio.sleep(talk.begins)
        await self.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            await self.send(frame(talk.id, start))
            await asyncio.sleep(FRAME_MS / 1000)
        if talk.tail is not None:
            await self.send(SessionEnded(session=talk.id, captured_at=VirtualClock().now()))

    async def open(self, talk: Talk) -> None:
        """Creates the session."""
        await self.store.create(
            Session(
                id=talk.id,
                source_language="en",
                target_languages=talk.languages,
                started_at=VirtualClock().now(),
                rate=RATE,
                settings=talk.settings,
            )
        )

    async def send(self, record: Record | bytes, stream: StreamName = StreamName.AUDIO, key: str = "") -> None:
        """Puts a record, or bytes that may be none, on a stream."""
        data = record if isinstance(record, bytes) else encode(record)
        await self.streams[stream].publish([Entry(key or getattr(record, "key", "key"), data)])

    async def read(self, stream: StreamName) -> list[Record]:
        """Everything on a stream, those of one key in order."""
        records: list[Record] = []
        for shard in await self.streams[stream].shards():
            reader = await self.streams[stream].reader(shard.id, OLDEST)
            records += [record async for record in _drain(reader)]
        return records

    def stage(self, name: str) -> Stage:
        """A new stage, with an engine of its own."""
        if name == "transcribe":
            return TranscribeStage(self._engines.recogniser(), IdleSessions(self.store, self._settings, VirtualClock()))
        if name == "stability":
            return StabilityStage()
        if name == "dedup":
            return DedupStage()
        if name == "translate":
            return TranslateStage(self._engines.translator(), MemoryTranslationCache(1000))
        return SynthesizeStage(self._engines.synthesizer())


def memory_stream(name: StreamName, kind: type[MemoryStream] = MemoryStream) -> MemoryStream:
    """A stream on virtual time that forgets nothing."""
    return kind(name, clock=VirtualClock(), retention_ms=10**9, capacity=1 << 40)


def frame(session: str, start: int) -> AudioFrame:
    """A quiet frame at `start` ms: what is said in it is up to the scripted recogniser."""
    return AudioFrame(
        session=session,
        captured_at=VirtualClock().now(),
        offset=start * RATE // 1000,
        rate=RATE,
        payload=bytes(FRAME_MS * RATE // 1000 * 2),
    )


def shifted(words: Sequence[Word], by: int) -> tuple[Word, ...]:
    """The words `by` ms later, none before the beginning."""
    return tuple(replace(w, start=max(0, w.start + by), end=max(0, w.end + by)) for w in words)


async def _drain(reader: ShardReader) -> AsyncIterator[Record]:
    while True:
        try:
            async with asyncio.timeout(0.001):
                batch = await reader.read()
        except TimeoutError:
            return
        for item in batch.items:
            with suppress(CodecError):
                record = decode(item.data)
                if not isinstance(record, UnknownRecord):
                    yield record
        if batch.ended:
            return


__all__ = [
    "EPOCH",
    "LAYOUTS",
    "RATE",
    "STAGES",
    "Engines",
    "Kill",
    "SimulatedCluster",
    "SimulatedProcess",
    "Talk",
    "frame",
    "shifted",
]
