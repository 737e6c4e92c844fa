"""What memory an open session takes in each stage, and whether that grows while its speaker goes on.

A recorded talk of half an hour (frames of 1 s at 16 kHz, a partial result every 2 s, one target language) is played to 50
sessions on virtual time, and to 2, whose memory is taken off. Each stage runs alone on the local host, in a process of
its own, on what the stage before it said of the talk. Its streams hold nothing, its engine is scripted (what a real one
takes comes on top), the store holds the sessions' items, and the measurements are Prometheus', as large for one session
as for many. Bytes are those that malloc has given out, Python's
and others', after a collection of garbage.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from processors.contract import Stage
from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.stage import TranscribeStage
from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.stage import TranslateStage
from shared.codec import encode
from shared.metrics.prometheus import PrometheusMetrics
from shared.models import AudioFrame
from shared.sessions import MemorySessionStore, Session
from shared.streams import StreamName
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.playback import FIRST, Due, PlaybackStream, RecordingStream, own, session_id
from tests.benchmarks.results import script
from tests.support import virtual_time
from tests.support.virtual_time import VirtualClock

_MANY, _FEW = 50, 2
#: Seconds of the talk at which memory is looked at: both in the middle of an utterance, and equally far in a frame and
#: from a partial result, since an utterance takes 15.5 s with the pause behind it.
_EARLY, _LATE = 690, 690 + 72 * 15.5
_RATE = 16000
#: Translations that the cache keeps: few enough that it is soon full.
_CACHED = 100
#: The stages, and the stream that each one writes.
_STAGES = {
    "transcribe": StreamName.TRANSCRIPTS,
    "stability": StreamName.SEGMENTS,
    "dedup": StreamName.UNIQUE_SEGMENTS,
    "translate": StreamName.TRANSLATIONS,
    "synthesize": StreamName.SPEECH,
}


def run() -> Iterator[Figure]:
    """Each stage at both times."""
    # All that Python allocates is then malloc's to count.
    os.environ["PYTHONMALLOC"] = "malloc"
    with ProcessPoolExecutor(2, get_context("spawn"), max_tasks_per_child=1) as alone:
        for stage, (early, late) in zip(_STAGES, alone.map(_measure, _STAGES), strict=True):
            yield Figure(
                name=f"memory: an open session in {stage}, scripted engine, at {_LATE / 60:.0f} min",
                value=late,
                unit="bytes",
                baseline=early,
                against=f"at {_EARLY / 60:g} min",
                bound=Bound("ratio", "<=", 1.02),
            )


def _measure(name: str) -> list[float]:
    """Bytes that an open session takes in the stage, early and late."""
    talk = _heard_by(name)
    many, few = (virtual_time.run(_live(name, talk, sessions)) for sessions in (_MANY, _FEW))
    return [(live - base) / (_MANY - _FEW) for live, base in zip(many, few, strict=True)]


def _heard_by(name: str) -> list[Due]:
    """What the stage reads of the talk of the first session."""
    talk = [
        (
            float(second + 1),
            encode(
                AudioFrame(
                    session=FIRST,
                    captured_at=virtual_time.EPOCH + (second + 1) * 1000,
                    offset=second * _RATE,
                    rate=_RATE,
                    payload=bytes(_RATE * 2),
                )
            ),
        )
        for second in range(int(_LATE) + 1)
    ]
    for stage in list(_STAGES)[: list(_STAGES).index(name)]:
        talk = virtual_time.run(_said_by(stage, talk))
    return talk


async def _said_by(name: str, talk: Sequence[Due]) -> list[Due]:
    """What the stage writes of it, and when."""
    output = RecordingStream(VirtualClock())
    host = await _host(name, talk, 1, output)
    await asyncio.sleep(_LATE + 1)
    await host.stop()
    return output.recorded


async def _live(name: str, talk: Sequence[Due], sessions: int) -> list[int]:
    """Bytes in use while so many sessions are open, early and late."""
    host = await _host(name, talk, sessions, PlaybackStream(VirtualClock()))
    measured = []
    for at in (_EARLY, _LATE):
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        gc.collect()
        measured.append(_allocated())
    await host.stop()
    return measured


async def _host(name: str, talk: Iterable[Due], sessions: int, output: PlaybackStream) -> LocalHost:
    """A running host of the stage, on which as many sessions are to open."""
    clock = VirtualClock()
    store = MemorySessionStore()
    ids = [session_id(number) for number in range(sessions)]
    for session in ids:
        await store.create(
            Session(
                id=session,
                source_language="en",
                target_languages=("es",),
                started_at=virtual_time.EPOCH,
                rate=_RATE,
            )
        )
    stage = _stage(name)
    source = PlaybackStream(clock, _to_all(talk, ids))
    streams = {stage.reads: source, _STAGES[name]: output, StreamName.DEAD_LETTERS: PlaybackStream(clock)}
    host = LocalHost([[stage]], streams, store, metrics=PrometheusMetrics(), clock=clock)
    host.start()
    return host


def _to_all(talk: Iterable[Due], sessions: Sequence[str]) -> Iterator[Due]:
    """Each record as every session's own."""
    for at, data in talk:
        for session in sessions:
            yield at, own(data, session)


def _stage(name: str) -> Stage:
    match name:
        case "transcribe":
            return TranscribeStage(ScriptedEngine(script(_LATE / 60, partial_every=2000), rate=_RATE))
        case "stability":
            return StabilityStage()
        case "dedup":
            return DedupStage()
        case "translate":
            return TranslateStage(ScriptedTranslator(), MemoryTranslationCache(_CACHED, clock=VirtualClock()))
    return SynthesizeStage(ScriptedSynthesizer(pace=20, chunk=1000))


#: The fields of glibc's `struct mallinfo2`, each a size_t.
_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


def _allocated() -> int:
    """Bytes that malloc has given out, in its arenas and in mappings of their own."""
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo2
    info = libc.mallinfo2()
    return int(info.uordblks + info.hblkhd)
