"""What a session costs on Kinesis: PUT payload units and shard-hours a session-hour, against 20 ms of audio a record.

Counted are the records of one demo run at the speaker's pace, half a minute from one language into two, and scaled from
the length of its audio to an hour. The baseline has the same audio in frames of 20 ms, and the other streams as they are.

A PUT payload unit is 25 KB, or what is left, of one record (Kinesis Data Streams pricing); a shard takes 1 MB and
1,000 records a second (Quotas and limits in its developer guide). Data and partition key count. A shard-hour here is
what a session uses of one: a provisioned stream has whole shards, which many sessions share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from processors.backend import memory
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from producers.framer import Framer
from shared.clock import SystemClock
from shared.codec import encode
from shared.models import SAMPLE_BYTES
from shared.sessions import Session
from shared.settings import Settings
from shared.streams import Entry, MemoryStream, StreamName
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.recogniser_run import read_wav
from tests.end_to_end.pipeline_run import DEMO, RECORDING, TARGETS, run_pipeline

#: Bytes of a PUT payload unit; bytes and records a second that a shard takes.
_UNIT = 25 << 10
_SHARD_BYTES, _SHARD_RECORDS = 1 << 20, 1000
#: Hz of the recording, and ms of it in a record of the baseline.
_RATE, _FRAME = 16000, 20
_AGAINST = f"in frames of {_FRAME} ms"


@dataclass(frozen=True)
class Traffic:
    """The sizes, in bytes, of the records that so many seconds of a session put on one stream."""

    sizes: Sequence[int]
    seconds: float

    @property
    def units(self) -> float:
        """PUT payload units a session-hour."""
        return sum(ceil(size / _UNIT) for size in self.sizes) * 3600 / self.seconds

    @property
    def shard_hours(self) -> float:
        """Shard-hours a session-hour: the share of a shard's bytes or of its records, whichever is more."""
        return max(sum(self.sizes) / _SHARD_BYTES, len(self.sizes) / _SHARD_RECORDS) / self.seconds


class CountedStream(MemoryStream):
    """Notes the size of each record that it takes."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sizes: list[int] = []

    async def publish(self, entries: Sequence[Entry]) -> None:
        await super().publish(entries)
        self.sizes += [entry.size for entry in entries]


def run() -> Iterator[Figure]:
    """Units and shard-hours of audio and of all streams, and the stream that takes most of a shard."""
    sent, frames = asyncio.run(_demo())
    small = {**sent, StreamName.AUDIO: frames}
    audio = sent[StreamName.AUDIO]
    yield Figure(
        name="kinesis_cost: audio, PUT payload units a session-hour",
        value=audio.units,
        unit="units",
        baseline=frames.units,
        against=_AGAINST,
        bound=Bound("ratio", "<=", 0.25),
    )
    yield Figure(
        name="kinesis_cost: all streams, PUT payload units a session-hour",
        value=_units(sent.values()),
        unit="units",
        baseline=_units(small.values()),
        against=_AGAINST,
    )
    yield Figure(
        name="kinesis_cost: audio, shard-hours a session-hour",
        value=audio.shard_hours,
        unit="shard-hours",
        baseline=frames.shard_hours,
        against=_AGAINST,
    )
    yield Figure(
        name="kinesis_cost: all streams, shard-hours a session-hour",
        value=_shard_hours(sent.values()),
        unit="shard-hours",
        baseline=_shard_hours(small.values()),
        against=_AGAINST,
    )
    largest = max(sent, key=lambda name: sent[name].shard_hours)
    yield Figure(
        name=f"kinesis_cost: {largest}, the largest stream, shard-hours a session-hour",
        value=sent[largest].shard_hours,
        unit="shard-hours",
        baseline=audio.shard_hours,
        against="of audio",
    )


async def _demo() -> tuple[Mapping[StreamName, Traffic], Traffic]:
    """The traffic of each stream in a demo run, and that of its audio in the baseline's frames."""
    streams = {name: CountedStream(name) for name in StreamName}
    settings = Settings()
    recogniser = ScriptedEngine(Script.load(DEMO / "recording.moonshine.jsonl"))
    await run_pipeline(recogniser, realtime=True, backend=replace(memory(settings), streams=streams))
    pcm = read_wav(RECORDING, _RATE)
    seconds = len(pcm) / SAMPLE_BYTES / _RATE
    sent = {name: Traffic(stream.sizes, seconds) for name, stream in streams.items()}
    return sent, Traffic(framed(pcm), seconds)


def framed(pcm: bytes) -> list[int]:
    """The sizes of the records of a producer that sends the audio in frames of 20 ms."""
    now = SystemClock().now()
    session = Session(id="talk", source_language="en", target_languages=TARGETS, started_at=now, rate=_RATE)
    framer = Framer(session, frame_ms=_FRAME, live=False, offset=0)
    return [Entry(frame.key, encode(frame)).size for frame in [*framer.cut(pcm, now), *framer.flush()]]


def _units(streams: Iterable[Traffic]) -> float:
    return sum(traffic.units for traffic in streams)


def _shard_hours(streams: Iterable[Traffic]) -> float:
    return sum(traffic.shard_hours for traffic in streams)
