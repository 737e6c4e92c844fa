"""How far captions and speech are behind the speaker, word by word, with partial results and with finals only.

Five minutes of speech at the speaker's pace, on memory streams (a hop of Kinesis is `hop`'s to measure), into Spanish
by Apertium and eSpeak NG. The words and their times are known; a scripted recogniser says of them what Amazon
Transcribe would. PocketSphinx's own figures are of the human reader's half minute. Words are compared by their spelling,
in order; translations by chrF (sacrebleu), talk by talk, where those of finals only are the reference. A word's caption is the committed one of the source language; its audio is the clip that has its
translation, when a listener who plays clip after clip begins it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from statistics import quantiles

import sacrebleu

from processors.engines.engines import Engines
from processors.pipeline import Pipeline
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import RecogniserEngine
from shared.metrics import MemoryMetrics
from shared.settings import Settings
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.speech import librivox, town_hall
from tests.benchmarks.speech.live_session import LiveSession, Received
from tests.benchmarks.speech.recording import Recording
from tests.benchmarks.speech.transcribe import transcribed

_LANGUAGE = "es"
_MODES = {"partial": "true", "finals": "false"}


def run() -> Iterator[Figure]:
    """All talks at once, each in both ways."""
    human = librivox.recording()
    talks = {"librivox": human} | {f"town-hall-{n}": talk for n, talk in enumerate(town_hall.talks(human.rate))}
    heard, by_pocketsphinx = asyncio.run(_hear(talks, {"librivox": human}))
    yield from _figures("", talks, heard)
    yield from _figures("PocketSphinx, ", {"librivox": human}, by_pocketsphinx)


async def _hear(
    talks: Mapping[str, Recording], for_pocketsphinx: Mapping[str, Recording]
) -> tuple[dict[tuple[str, str], Received], dict[tuple[str, str], Received]]:
    scripts = {f"{name}-{mode}": transcribed(talk.items) for name, talk in talks.items() for mode in _MODES}
    return await asyncio.gather(
        _broadcast(ScriptedEngine(scripts), talks),
        _broadcast(Engines(Settings(recogniser="pocketsphinx")).recogniser, for_pocketsphinx),
    )


async def _broadcast(recogniser: RecogniserEngine, talks: Mapping[str, Recording]) -> dict[tuple[str, str], Received]:
    """What came of each talk in each mode."""
    pipeline = Pipeline(Engines(recogniser=recogniser), Settings(), MemoryMetrics())
    pipeline.host.start()
    try:
        broadcasts = {
            (name, mode): LiveSession(pipeline, f"{name}-{mode}", _LANGUAGE, {"PARTIAL_RESULTS_ENABLED": enabled}).hear(
                talk
            )
            for name, talk in talks.items()
            for mode, enabled in _MODES.items()
        }
        return dict(zip(broadcasts, await asyncio.gather(*broadcasts.values()), strict=True))
    finally:
        await pipeline.host.stop()


def _figures(of: str, talks: Mapping[str, Recording], heard: Mapping[tuple[str, str], Received]) -> Iterator[Figure]:
    latencies = {mode: _latencies(talks, heard, mode) for mode in _MODES}
    for what, index in (("word to caption", 0), ("word to audio", 1)):
        for percent in (50, 95):
            partial, finals = (quantiles(latencies[mode][index], n=100)[percent - 1] / 1000 for mode in _MODES)
            yield Figure(
                name=f"caption_latency: {of}{what}, p{percent}",
                value=partial,
                unit="s",
                baseline=finals,
                against="finals only",
                bound=None if of else Bound("ratio", "<=", 0.6),
            )
    wrong = sum(_wrong(talk, heard[name, "partial"]) for name, talk in talks.items())
    yield Figure(
        name=f"caption_latency: {of}words lost, doubled or wrong in captions",
        value=wrong,
        unit="words",
        baseline=sum(_wrong(talk, heard[name, "finals"]) for name, talk in talks.items()),
        against=f"finals only; {sum(len(talk.words) for talk in talks.values())} said",
        bound=None if of else Bound("value", "==", 0),
    )
    unspoken = {mode: sum(_unspoken(talk, heard[name, mode]) for name, talk in talks.items()) for mode in _MODES}
    yield Figure(
        name=f"caption_latency: {of}words without audio",
        value=unspoken["partial"],
        unit="words",
        baseline=unspoken["finals"],
        against="finals only",
        bound=None if of else Bound("value", "==", 0),
    )
    translations = [[" ".join(heard[name, mode].translations) for name in talks] for mode in _MODES]
    yield Figure(
        name=f"caption_latency: {of}translations against those of finals only",
        value=sacrebleu.corpus_chrf(translations[0], [translations[1]]).score,
        unit="chrF",
        bound=None if of else Bound("value", ">=", 90),
    )


def _latencies(
    talks: Mapping[str, Recording], heard: Mapping[tuple[str, str], Received], mode: str
) -> tuple[Sequence[float], Sequence[float]]:
    """For each word (ms) until its caption was shown, and until its audio began."""
    captions: list[float] = []
    audio: list[float] = []
    for name, talk in talks.items():
        came = heard[name, mode]
        for said, committed in came.match(talk.words).items():
            number, end = came.numbers[committed], talk.words[said].end
            captions.append(came.shown[number] - end)
            if number in came.spoken:
                audio.append(came.spoken[number] - end)
    return captions, audio


def _unspoken(talk: Recording, heard: Received) -> int:
    """Words of the talk that have a caption, but no clip."""
    return sum(heard.numbers[committed] not in heard.spoken for committed in heard.match(talk.words).values())


def _wrong(talk: Recording, heard: Received) -> int:
    """Words of the talk that are not among the captions', or the other way round: whichever are more."""
    return max(len(talk.words), len(heard.words)) - len(heard.match(talk.words))
