"""What one record costs that is valid, or nearly, and as insane as its writer could make it.

Each is taken by what has most to do with it: the codec, stability on the local host, the writer of WAV files, the reader
of one. CPU time is the process's, the least of three; memory is the most that Python had given out meanwhile, in a run of
its own. Both bounds are for a record that comes once: it shall hold up nobody beside it.
"""

from __future__ import annotations

import asyncio
import struct
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson

from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from producers.sources import WavSource
from shared.codec import decode, encode
from shared.errors import CodecError, LowLatencyTranslateError
from shared.models import PartialResult, Word
from shared.ranges import LATEST, MAX_WORDS
from shared.sessions import MemorySessionStore, Session
from shared.streams import Entry, MemoryStream, StreamName
from shared.streams.base import MAX_ENTRY_BYTES
from sinks import AudioChunk
from sinks.files import WavWriter
from tests.benchmarks.figure import Bound, Figure
from tests.support import virtual_time
from tests.support.virtual_time import VirtualClock

_MAX_MS, _MAX_MB = 100, 50
_ROUNDS = 3


def run() -> Iterator[Figure]:
    """CPU time and memory of each."""
    for name, work in _works().items():
        yield Figure(
            name=f"insane_records: {name}, CPU",
            value=min(_cpu(work) for _ in range(_ROUNDS)) * 1000,
            unit="ms CPU",
            bound=Bound("value", "<=", _MAX_MS),
        )
        yield Figure(
            name=f"insane_records: {name}, memory",
            value=_peak(work) / 1e6,
            unit="MB",
            bound=Bound("value", "<=", _MAX_MB),
        )


def _works() -> Mapping[str, Callable[[], object]]:
    word = b'{"text":"","start":0,"end":0},'
    return {
        "a result of 1 MiB of words": lambda: _refused(b'"items":[%s]', word),
        "a record of 1 MiB of empty objects": lambda: _refused(b'"unknown":[%s]', b"{},"),
        "a record of 1 MiB of brackets": lambda: _refused(b'"unknown":%s', b"["),
        "a record of 1 MiB of digits": lambda: _refused(b'"take":%s', b"9"),
        f"two results of {MAX_WORDS} words, none shared, in stability": lambda: virtual_time.run(_stabilise(_unlike())),
        f"two results of {MAX_WORDS} words at one place, in stability": lambda: virtual_time.run(_stabilise(_alike())),
        f"two results of {MAX_WORDS} numbers, in words and in digits, in stability": lambda: virtual_time.run(
            _stabilise(_numbers())
        ),
        "a clip behind a day of silence, in a WAV file": lambda: _write_wav(86_400_000),
        "a clip at the latest time, in a WAV file": lambda: _write_wav(LATEST),
        "ten seconds of infinities, from a WAV file": lambda: asyncio.run(_read_wav()),
    }


def _refused(header: bytes, filling: bytes) -> None:
    """A record as large as a stream takes, which the codec makes nothing of."""
    head = orjson.dumps({"kind": "PartialResult", "session": "talk", "captured_at": 1})[:-1]
    filled = (filling * (MAX_ENTRY_BYTES // len(filling) - 10)).rstrip(b",")
    body = head + b"," + header % filled + b"}"
    with suppress(CodecError):
        decode(struct.pack(">BI", 1, len(body)) + body)


def _result(items: tuple[Word, ...], position: int) -> PartialResult:
    return PartialResult(
        session="talk", captured_at=1, take=1, utterance=1, start=0, end=position, position=position, items=items
    )


def _unlike() -> tuple[PartialResult, PartialResult]:
    """The second shares no word with the first, of which all but the last are committed."""
    return _result(_words("one", stable=True), MAX_WORDS * 3), _result(
        _words("other", stable=True), MAX_WORDS * 3 + 1000
    )


def _words(text: str, *, stable: bool) -> tuple[Word, ...]:
    said = [Word(f"{text}{n}", n * 3, n * 3 + 2, stable) for n in range(MAX_WORDS - 1)]
    return (*said, Word(".", MAX_WORDS * 3, MAX_WORDS * 3, stable))


def _alike() -> tuple[PartialResult, PartialResult]:
    """One word again and again, in no time; a new take says it once more."""
    first = _result((*[Word("la", 1000, 1001, True)] * (MAX_WORDS - 1), Word(".", 1001, 1001, True)), 1001)
    return first, replace(first, take=2)


def _numbers() -> tuple[PartialResult, PartialResult]:
    """Each number of the first is written the other way in the second."""
    spelled, written = ("seven", "seventy", "two"), ("7", "70", "2")
    first, second = (
        _result(tuple(Word(texts[n % 3], n * 3, n * 3 + 2, True) for n in range(MAX_WORDS - 1)), MAX_WORDS * 3 + late)
        for texts, late in ((spelled, 0), (written, 1000))
    )
    mark = Word(".", MAX_WORDS * 3, MAX_WORDS * 3, True)
    return replace(first, items=(*first.items, mark)), replace(second, items=(*second.items, mark))


async def _stabilise(results: tuple[PartialResult, PartialResult]) -> None:
    streams = {name: MemoryStream(name, clock=VirtualClock()) for name in StreamName}
    store = MemorySessionStore()
    await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=1, take=2))
    host = LocalHost([[StabilityStage()]], streams, store, clock=VirtualClock())
    host.start()
    for result in results:
        await streams[StreamName.TRANSCRIPTS].publish([Entry(result.key, encode(result))])
        await asyncio.sleep(5)
    await host.kill()


def _write_wav(end: int) -> None:
    chunk = AudioChunk(1, "es", b"\0\1" * 100, 22050, True, True, 0, end, 1, {}, 1)
    with (
        tempfile.TemporaryDirectory() as folder,
        WavWriter(Path(folder) / "speech.wav") as writer,
        suppress(LowLatencyTranslateError),
    ):
        writer.chunk(chunk)


async def _read_wav() -> None:
    data = struct.pack("<4f", float("nan"), float("inf"), -float("inf"), 1e38) * 4000 * 10
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 16000, 64000, 4, 32)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + form + struct.pack("<4sI", b"data", len(data))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "talk.wav"
        path.write_bytes(head + data)
        del data
        async for _ in WavSource(path, realtime=False):
            pass


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
