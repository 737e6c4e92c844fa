"""How far a listener of a longer language is behind the speaker, with synthesize's lag policy and without.

Half an hour of virtual audio: translations come at their segments' ends, go through synthesize on the local host and
through the audio sink, and a listener plays clip after clip as they come. A clip's lag is from its segment's end until
it begins. What the stages before synthesize take comes on top.

The bound is what the policy promises. From FASTEST_FROM (5 s) behind, the voice is 1.3 times as fast, so that a language
30 % longer takes no longer than its source: from there lag grows by what one segment is longer than the next, at most
4 s here, and pauses shorten it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles

from processors.hosts.local import LocalHost
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.stage import SynthesizeStage
from shared.codec import encode
from shared.models import SAMPLE_BYTES, SessionEnded, Translation
from shared.sessions import MemorySessionStore, Session
from shared.settings import Settings
from shared.streams import Entry, MemoryStream, StreamName
from sinks import AudioChunk, AudioSubscriber, ClipLeftOut
from tests.benchmarks.figure import Bound, Figure
from tests.support import virtual_time
from tests.support.virtual_time import EPOCH, VirtualClock

_SESSION = Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH)
_LANGUAGE = "es"
#: Minutes of the talk, and ms that a segment of it takes.
_MINUTES, _SEGMENT = 30, (2000, 6000)
#: Ms of silence behind a segment, and behind every sixth: an eighth of the talk.
_BREATH, _PAUSE = (200, 500), (1000, 2000)
#: Ms that a character of a translation takes at tempo 1.
_PACE = 10
#: How much longer than the source the language is.
_LONGER = (1.15, 1.3)


class UnhurriedSynthesizer(ScriptedSynthesizer):
    """Speaks at tempo 1 whatever it is asked for."""

    def synthesize(self, text: str, language: str, tempo: float) -> AsyncIterator[bytes]:
        return super().synthesize(text, language, 1.0)


@dataclass(slots=True)
class Playout:
    """What a listener heard: for each clip its lag in s, how fast it was spoken; and how many were left out."""

    lags: list[float] = field(default_factory=list)
    tempos: list[float] = field(default_factory=list)
    left_out: int = 0


def run() -> Iterator[Figure]:
    """Both languages, each with the policy and without."""
    for longer in _LONGER:
        translations = _talk(longer)
        heard = virtual_time.run(_listen(translations, ScriptedSynthesizer(pace=_PACE), Settings()))
        without = virtual_time.run(_listen(translations, UnhurriedSynthesizer(pace=_PACE), Settings(speech_max_lag=0)))
        name = f"speech_lag: {round(longer * 100) - 100} % longer,"
        for what, value, baseline, bound in (
            ("worst", max(heard.lags), max(without.lags), Bound("value", "<=", 10)),
            ("p95", _p95(heard.lags), _p95(without.lags), None),
        ):
            yield Figure(
                name=f"{name} {what}",
                value=value,
                unit="s",
                baseline=baseline,
                against="without the lag policy",
                bound=bound,
            )
        yield Figure(name=f"{name} highest tempo", value=max(heard.tempos), unit="times as fast")
        yield Figure(
            name=f"{name} segments not spoken",
            value=heard.left_out,
            unit="segments",
            against=f"of {len(translations)}",
            bound=Bound("value", "==", 0),
        )


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def _talk(longer: float) -> list[Translation]:
    """The talk's segments in a language so much longer: a text takes so many times its segment's time to speak."""
    random = Random(1)
    made: list[Translation] = []
    at = 0
    while at < _MINUTES * 60_000:
        number = len(made) + 1
        length = random.randint(*_SEGMENT)
        made.append(
            Translation(
                session=_SESSION.id,
                captured_at=EPOCH + at + length,
                number=number,
                language=_LANGUAGE,
                text="x" * round(length * longer / _PACE),
                start=at,
                end=at + length,
            )
        )
        at += length + random.randint(*(_BREATH if number % 6 else _PAUSE))
    return made


async def _listen(translations: Sequence[Translation], engine: ScriptedSynthesizer, settings: Settings) -> Playout:
    """What comes of the translations where a listener is there from the beginning."""
    clock = VirtualClock()
    streams = {name: MemoryStream(name, clock=clock) for name in StreamName}
    store = MemorySessionStore()
    await store.create(_SESSION)
    host = LocalHost([[SynthesizeStage(engine)]], streams, store, settings=settings, clock=clock)
    host.start()
    async with AudioSubscriber(streams, _SESSION.id, _LANGUAGE, clock=clock) as audio:
        heard, _ = await asyncio.gather(
            _hear(audio, {made.number: engine.samples(made.text) for made in translations}),
            _feed(translations, streams[StreamName.TRANSLATIONS]),
        )
    await host.stop()
    return heard


async def _feed(translations: Sequence[Translation], stream: MemoryStream) -> None:
    """Each translation at its segment's end, then the session's end."""
    loop = asyncio.get_running_loop()
    for made in translations:
        await asyncio.sleep(made.end / 1000 - loop.time())
        await stream.publish([Entry(made.key, encode(made))])
    ended = SessionEnded(session=_SESSION.id, captured_at=translations[-1].captured_at, language=_LANGUAGE)
    await stream.publish([Entry(ended.key, encode(ended))])


async def _hear(audio: AudioSubscriber, unhurried: dict[int, int]) -> Playout:
    """Plays clip after clip; `unhurried` are the samples that each has at tempo 1."""
    heard = Playout()
    #: Loop time (s) up to which there is something to play, and samples of the clip so far.
    free, samples = 0.0, 0
    async for event in audio:
        if isinstance(event, ClipLeftOut):
            heard.left_out += 1
        if not isinstance(event, AudioChunk):
            continue
        free = max(free, asyncio.get_running_loop().time())
        if event.first:
            heard.lags.append(free - event.end / 1000)
            samples = 0
        samples += len(event.payload) // SAMPLE_BYTES
        free += len(event.payload) / SAMPLE_BYTES / event.rate
        if event.last:
            heard.tempos.append(unhurried[event.number] / samples)
    return heard
