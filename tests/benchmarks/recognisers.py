"""Measures the offline recognisers on a LibriVox recording, limited to one core.

Run it as `python -m tests.benchmarks.recognisers`; it takes three minutes and exits 1 where a bound does not hold.
Each engine hears the recording at real-time pace, begun at several phases of its update interval, and once as fast
as it goes.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from pathlib import Path

import jiwer

from processors.engines.engines import Engines
from processors.transcribe.recogniser import Hypothesis, RecogniserEngine
from shared.settings import Settings
from shared.text import join, normalise
from tests.benchmarks.recogniser_run import TimedHypothesis, read_wav, recognise

ENGINES = ("moonshine", "pocketsphinx")
DEMO = Path(__file__).parents[2] / "cli" / "demo"
#: Silence before the recording, in ms.
PHASES = (0, 170, 330)

#: Share of the words marked stable that may differ in the final.
MAX_UNSTABLE = 0.05
#: CPU seconds a second of audio: what leaves room on one core for the rest of the demo.
MAX_CPU = 0.7
#: Seconds for a second of audio, fed as fast as it goes.
MAX_TIME = 1.0


@dataclass(frozen=True)
class Measured:
    """What one engine did."""

    word_error_rate: float
    marked: int
    differing: int
    cpu: float
    real_time_factor: float
    final_latency: float
    slowest_final: float

    @property
    def unstable(self) -> float:
        """Share of the words marked stable that differ in the final."""
        return self.differing / max(1, self.marked)

    def failures(self) -> list[str]:
        """The bounds that do not hold."""
        bounds = {
            "words marked stable that differ": (self.unstable, MAX_UNSTABLE),
            "CPU": (self.cpu, MAX_CPU),
            "real-time factor": (self.real_time_factor, MAX_TIME),
        }
        return [f"{name} {value:.2f} > {most:g}" for name, (value, most) in bounds.items() if value > most]


async def measure(engine: RecogniserEngine, pcm: bytes, reference: str) -> Measured:
    """Plays the recording to the engine."""
    # The model's loading is paid once, not for every second: an empty take pays for it.
    await recognise(engine, b"")
    idle = await _cpu_of(engine, b"")
    runs: list[list[TimedHypothesis]] = []
    used = seconds = 0.0
    for phase in PHASES:
        audio = bytes(phase * engine.rate // 1000 * 2) + pcm
        before = _cpu()
        runs.append(await recognise(engine, audio))
        used += _cpu() - before - idle
        seconds += len(audio) / 2 / engine.rate
    began = time.monotonic()
    await recognise(engine, pcm, pace=None)
    took = time.monotonic() - began
    heard = [[result.hypothesis for result in run] for run in runs]
    finals = [result for run in runs for result in run if result.hypothesis.final]
    latencies = [result.after - result.hypothesis.end / 1000 for result in finals]
    marks = [stability(run) for run in heard]
    return Measured(
        word_error_rate=statistics.mean(
            jiwer.wer(_spoken(reference), _spoken(" ".join(join(h.items) for h in run if h.final))) for run in heard
        ),
        marked=sum(marked for marked, _ in marks),
        differing=sum(differing for _, differing in marks),
        cpu=used / seconds,
        real_time_factor=took / (len(pcm) / 2 / engine.rate),
        final_latency=statistics.median(latencies),
        slowest_final=max(latencies),
    )


def stability(hypotheses: Sequence[Hypothesis]) -> tuple[int, int]:
    """How many words were marked stable, each counted when it first was, and how many of them the final lacks."""
    marked = differing = 0
    for _, group in groupby(sorted(hypotheses, key=lambda h: h.utterance), lambda h: h.utterance):
        results = [[(normalise(w.text), w.stable) for w in h.items if not w.is_punctuation] for h in group]
        final = [text for text, _ in results[-1]]
        for before, now in pairwise([[], *results[:-1]]):
            known = {b for a, b in _alignment([t for t, _ in before], [t for t, _ in now]) if before[a][1]}
            fresh = {index for index, (_, stable) in enumerate(now) if stable} - known
            kept = {a for a, _ in _alignment([t for t, _ in now], final)}
            marked += len(fresh)
            differing += len(fresh - kept)
    return marked, differing


def _alignment(before: list[str], now: list[str]) -> list[tuple[int, int]]:
    blocks = SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
    return [(a + step, b + step) for a, b, size in blocks for step in range(size)]


def _spoken(text: str) -> str:
    """The text as both engines write it: "mister" is spelt "Mr"."""
    return normalise(text).replace("mister", "mr")


async def _cpu_of(engine: RecogniserEngine, pcm: bytes) -> float:
    before = _cpu()
    await recognise(engine, pcm, pace=None)
    return _cpu() - before


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


async def main() -> int:
    """Prints the table; 0 where every bound holds."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    reference = (DEMO / "recording.txt").read_text()
    failures: list[str] = []
    print(f"{'engine':14}{'WER':>6}{'stable':>8}{'differ':>8}{'CPU s/s':>9}{'RTF':>6}{'final after':>13}{'slowest':>9}")
    for name in ENGINES:
        engine = Engines(Settings(recogniser=name)).recogniser
        try:
            result = await measure(engine, read_wav(DEMO / "recording.wav", engine.rate), reference)
        finally:
            await engine.close()
        print(
            f"{name:14}{result.word_error_rate:6.2f}{result.marked:8}{result.unstable:8.1%}{result.cpu:9.2f}"
            f"{result.real_time_factor:6.2f}{result.final_latency:11.2f} s{result.slowest_final:7.2f} s",
            flush=True,
        )
        failures += [f"{name}: {failure}" for failure in result.failures()]
    print("bounds missed: " + "; ".join(failures) if failures else "every bound holds")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
