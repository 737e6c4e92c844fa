"""The stage contract: what a stage and its operators are, and what a host gives them.

Evidence is cumulative, decisions are written once: an input may be read again after a crash, and a replay need
not decide alike, but nothing is decided twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from shared.clock import Clock
from shared.metrics import Metrics
from shared.models import Record
from shared.sessions import SessionStore
from shared.settings import Settings
from shared.streams import StreamName


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A record that a stage received; the operator holds it until it acks it.

    `arrived_at` is the epoch ms at which the stage's input stream took it.
    """

    record: Record
    arrived_at: int


class Closing(Enum):
    """Why an operator is closed."""

    #: Its shard has ended: finish, emit what is due and ack every input.
    SHARD_END = "shard end"
    #: The host stops: unfinished inputs stay unacked for the next owner.
    SHUTDOWN = "shutdown"


class Context(Protocol):
    """What a host gives an operator.

    An ack counts, and an action runs, once everything emitted before it is durable. Emissions of one partition key
    keep their order; those of different keys wait for nobody. `emit`, `ack` and `then` return at once.
    """

    @property
    def key(self) -> str:
        """The operator's key: what `Stage.key` says of its inputs."""

    @property
    def clock(self) -> Clock:
        """The wall clock."""

    @property
    def metrics(self) -> Metrics:
        """Where the stage's measurements go."""

    @property
    def settings(self) -> Settings:
        """The process's settings, without what the session overrides."""

    @property
    def store(self) -> SessionStore:
        """The session items; its methods, but for `raise_epoch`, wait out an unavailable store for MAX_PARK at most.

        Then they raise RefusedTooLong. That ends an action; an operator that does not catch it is restarted, and the
        inputs that have waited for so long become dead letters.
        """

    @property
    def tip(self) -> float | None:
        """Loop time (s) up to which everything that had arrived for this key was handed to the operator.

        None where that is not known: its reader is behind, or what it read last waits to be handed over.
        """

    @property
    def displaced(self) -> bool:
        """Whether an operator of this key was fenced in this host, and none has regained the session since."""

    def emit(self, stream: StreamName, record: Record) -> None:
        """Publishes the record, behind all emitted before it for its stream and partition key.

        One that no stream takes becomes a dead letter, as does one that its stream refuses for MAX_PARK.
        """

    def ack(self, received: Input) -> None:
        """The operator needs this input no more."""

    def then(self, action: Callable[[], Awaitable[None]]) -> None:
        """Runs `action` once everything emitted before is durable."""

    def dead_letter(
        self,
        error: str,
        received: Input | None = None,
        *,
        language: str | None = None,
        start: int | None = None,
        end: int | None = None,
    ) -> None:
        """Emits a dead letter with the input's bytes, or for a span of lost audio (audio time, ms)."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` beside the operator until it is closed; where it raises, the operator is restarted."""

    def fence(self) -> None:
        """Another worker owns the session: this operator emits, acks and does nothing more.

        It is restarted, and told that it is `displaced`, with every input whose ack does not count yet.
        """

    def regain(self) -> None:
        """The session is this displaced operator's again: its held inputs wait for nobody else."""


class Operator(ABC):
    """One stage's work for one key (a session, or one language of it)."""

    async def start(self) -> None:
        """Runs once before the first input. SessionUnknown from here refuses the key's inputs."""

    @abstractmethod
    async def process(self, received: Input) -> None:
        """Takes the next input, in order. Where it raises, the input becomes a dead letter."""

    async def close(self, closing: Closing) -> None:
        """Ends an operator that was started; what it emits here is still published.

        At a shutdown, and before it is restarted, what it has spawned is cancelled first.
        """


class Outlet(Protocol):
    """Publishes what a stage says outside of any operator."""

    async def publish(self, stream: StreamName, record: Record) -> None:
        """Writes the record durably, waiting out an unavailable stream."""

    async def offer(self, stream: StreamName, record: Record) -> None:
        """Tries once to write the record; raises StreamUnavailable."""


class Stage(ABC):
    """One step of the pipeline: makes an operator for each key of its input stream."""

    name: str
    reads: StreamName
    #: The kinds of its inputs whose arrival in the stream is the hop `ingest`, from which latency is counted.
    ingests: tuple[type[Record], ...] = ()
    #: Streams that it writes and only the next stage reads: where that is fused with it they are not published.
    internal: frozenset[StreamName] = frozenset()
    #: How many of its outputs for one key may wait in the stages fused behind it. What those are refused when more
    #: wait becomes a dead letter before MAX_PARK, so that one language does not hold up the others.
    most_waiting: float = float("inf")

    def key(self, record: Record) -> str:
        """The key whose operator takes this record."""
        return record.session

    @abstractmethod
    def operator(self, context: Context) -> Operator:
        """A new operator for `context.key`."""

    async def watch(self, outlet: Outlet) -> None:
        """Runs as long as the host does, for chores that belong to no operator."""

    async def close(self) -> None:
        """Gives up what the stage shares among its operators, such as an engine."""
