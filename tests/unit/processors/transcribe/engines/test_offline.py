"""The offline recognisers on the beginning of the demo recording."""

from __future__ import annotations

import asyncio
import io
import json
import os
import select
import signal
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import jiwer
import pytest

from processors.engines.engines import Engines
from processors.transcribe.recogniser import Hypothesis, Recogniser, RecogniserEngine, decoded
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings
from shared.text import join, normalise
from tests.support.pocketsphinx import POCKETSPHINX, needs_pocketsphinx
from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long]

DEMO = Path(__file__).parents[5] / "cli" / "demo"
#: The recording's first two utterances, in s.
SECONDS = 11
SAID = normalise(" ".join((DEMO / "recording.txt").read_text().splitlines()[:2])).replace("mister", "mr")
SESSION = Session(id="talk", source_language="en", target_languages=(), started_at=0)
ENGINES = pytest.mark.parametrize("engine", ["moonshine", POCKETSPHINX], indirect=True)


@pytest.fixture
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[RecogniserEngine]:
    engine = Engines(Settings(recogniser=request.param)).recogniser
    yield engine
    await engine.close()


def recording(seconds: float) -> bytes:
    with wave.open(str(DEMO / "recording.wav"), "rb") as wav:
        pcm: bytes = wav.readframes(int(seconds * wav.getframerate()))
    return pcm


async def feed(take: Recogniser, pcm: bytes) -> None:
    for offset in range(0, len(pcm), 3200):
        await take.feed(pcm[offset : offset + 3200])


@ENGINES
async def test_a_take_has_decoded_no_more_than_it_said_and_in_the_end_all(engine: RecogniserEngine) -> None:
    take = await engine.open(SESSION, 0)
    assert decoded(take) == 0

    async def play() -> None:
        await feed(take, recording(6))
        await take.finish()

    playing = asyncio.create_task(play())
    async for _ in take:
        known = decoded(take)
        assert known is not None
        assert known <= 6000
    await playing
    assert (decoded(take) or 0) >= 5000
    await take.close()


async def heard(engine: RecogniserEngine, pcm: bytes) -> list[Hypothesis]:
    take = await engine.open(SESSION, 0)

    async def play() -> None:
        await feed(take, pcm)
        await take.finish()

    playing = asyncio.create_task(play())
    results = [hypothesis async for hypothesis in take]
    await playing
    await take.close()
    return results


@ENGINES
async def test_speech_is_heard_and_every_utterance_gets_its_final(engine: RecogniserEngine) -> None:
    results = await heard(engine, recording(SECONDS))

    finals = [result for result in results if result.final]
    assert jiwer.wer(SAID, normalise(" ".join(join(final.items) for final in finals))) < 0.35
    assert [final.utterance for final in finals] == list(range(1, len(finals) + 1))
    for final in finals:
        own = [result for result in results if result.utterance == final.utterance]
        assert own[-1] is final
        assert len(own) > 1
        assert {result.start for result in own} == {final.start}
        assert all(item.stable for item in final.items)
    assert any(item.stable for result in results if not result.final for item in result.items)
    for before, now in pairwise(results):
        assert before.position <= now.position
    for result in results:
        edges = [result.start, *(edge for item in result.items for edge in (item.start, item.end)), result.end]
        assert edges == sorted(edges)
        assert result.end <= result.position <= SECONDS * 1000


@ENGINES
async def test_an_open_utterance_is_finished_with_the_audio(engine: RecogniserEngine) -> None:
    results = await heard(engine, recording(4))
    assert results[-1].final
    assert "john dashwood" in normalise(join(results[-1].items))


@ENGINES
async def test_nothing_is_said_of_silence(engine: RecogniserEngine) -> None:
    assert await heard(engine, bytes(32000 * 3)) == []


@ENGINES
async def test_two_takes_at_once_do_not_mix(engine: RecogniserEngine) -> None:
    first, second = await asyncio.gather(heard(engine, recording(4)), heard(engine, recording(11)[-32000 * 4 :]))
    assert "dashwood" in normalise(join(first[-1].items))
    assert "young man" in normalise(join(second[-1].items))
    assert first[0].utterance == second[0].utterance == 1


@ENGINES
async def test_a_closed_take_ends_wherever_it_stands(engine: RecogniserEngine) -> None:
    take = await engine.open(SESSION, 0)
    feeding = asyncio.create_task(feed(take, recording(20)))
    async for _ in take:
        break
    await take.close()
    assert [hypothesis async for hypothesis in take if hypothesis.final and hypothesis.utterance > 2] == []
    await feeding


@ENGINES
async def test_another_language_is_refused(engine: RecogniserEngine) -> None:
    spanish = Session(id="charla", source_language="es", target_languages=(), started_at=0)
    with pytest.raises(UnsupportedLanguage):
        await engine.open(spanish, 0)


def children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return set(map(int, listed.split()))


@pytest.mark.parametrize("engine", [POCKETSPHINX], indirect=True)
async def test_a_decoder_that_dies_drops_its_take(engine: RecogniserEngine) -> None:
    before = children()
    take = await engine.open(SESSION, 0)
    (decoder,) = children() - before
    await feed(take, recording(3))
    os.kill(decoder, 9)
    with pytest.raises(EngineUnavailable, match="code -9"):
        async for _ in take:
            pass
    await feed(take, recording(10))
    await take.close()
    assert children() <= before


@needs_pocketsphinx
def test_a_decoder_does_not_outlive_its_owner() -> None:
    owner = """
import asyncio, os
from pathlib import Path
from processors.transcribe.engines.pocketsphinx import PocketsphinxEngine
from shared.sessions import Session

async def main():
    session = Session(id="talk", source_language="en", target_languages=(), started_at=0)
    take = await PocketsphinxEngine().open(session, 0)
    await take.feed(bytes(32000))
    os.write(1, Path(f"/proc/self/task/{os.getpid()}/children").read_bytes())
    os._exit(9)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", owner], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert ended.returncode == 9
    try:
        decoder = os.pidfd_open(int(ended.stdout))
    except ProcessLookupError:
        return
    gone, _, _ = select.select([decoder], [], [], TIMEOUT)
    os.close(decoder)
    assert gone


@needs_pocketsphinx
def test_a_decoder_process_tells_what_it_hears(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(recording(4))))
    from processors.transcribe.engines import pocketsphinx_decoder

    interrupt = signal.getsignal(signal.SIGINT)
    try:
        pocketsphinx_decoder.main()
    finally:
        signal.signal(signal.SIGINT, interrupt)
    ready, *lines = map(json.loads, capfd.readouterr().out.splitlines())
    assert ready == {"ready": True}
    said = [line for line in lines if "decoded" not in line]
    heard = [line["decoded" if "decoded" in line else "position"] for line in lines]
    assert heard == sorted(heard)
    assert len(said) < len(lines)
    assert [each["final"] for each in said] == [False] * (len(said) - 1) + [True]
    assert "dashwood" in [word for word, _, _ in said[-1]["words"]]
    assert said[-1]["position"] == 4000
