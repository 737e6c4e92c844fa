"""Silence is evidence, absence is none: what a drop, a frozen process or a fast feed may not decide."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from processors.transcribe.engines.script import Script
from shared.metrics import Metric
from shared.models import SessionEnded, Word
from shared.streams import StreamName
from tests.conformance.fault_injection import RefusingView
from tests.conformance.host_under_test import HOSTS
from tests.conformance.scripted_cluster import cluster_of, said, sentences
from tests.conformance.session_output import session_output
from tests.conformance.simulated_cluster import FRAME_MS, SimulatedCluster, Talk, frame
from tests.support.effort import tries
from tests.support.virtual_time import VirtualClock, run

pytestmark = [pytest.mark.hermetic, pytest.mark.no_cover]

RECORDED = Path(__file__).parents[2] / "cli/demo/recording.moonshine.jsonl"
SETTLED = 60
#: Rates (audio s a s) at which a recogniser may be fed while it catches up.
RATES = [1.0, 1.5, 4.0, None]


def recorded() -> tuple[Script, Talk]:
    """What Moonshine said of a recording, restless partial results and all, and the words of its finals."""
    script = Script.load(RECORDED)
    words = [word for result in script.results if result.final for word in result.items]
    return script, Talk("talk", tuple(words), tail=4.0)


async def words_of(cluster: SimulatedCluster, talk: Talk) -> list[str]:
    got = await session_output(cluster, talk)
    got.assert_dense()
    got.assert_ended()
    return got.words


def undisturbed(host: str, script: Script, talk: Talk) -> list[str]:
    async def main() -> list[str]:
        cluster = cluster_of(host, script=script)
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        return await words_of(cluster, talk)

    return run(main())


def differences(one: list[str], other: list[str]) -> int:
    """How many places there are in which the two differ."""
    return sum(tag != "equal" for tag, *_ in SequenceMatcher(None, one, other, autojunk=False).get_opcodes())


@pytest.mark.parametrize("host", HOSTS)
def test_of_many_kills_of_the_transcriber_words_differ_only_at_counted_seams(host: str) -> None:
    script, talk = recorded()
    expected = undisturbed(host, script, talk)
    rng = random.Random(14)
    times = tries(20 if host == "local" else 5)

    async def main(at: float) -> tuple[list[str], float]:
        cluster = cluster_of(host, script=script)
        cluster.start()
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(at)
        next(process for process in cluster.processes if process.application == "transcribe").kill()
        await speaking
        await asyncio.sleep(SETTLED)
        await cluster.stop()
        return await words_of(cluster, talk), cluster.metrics.total(Metric.SEAMS)

    for _ in range(times):
        at = rng.uniform(0, talk.length / 1000)
        words, seams = run(main(at))
        assert differences(expected, words) <= seams <= 1, f"killed at {at:.3f} s"


def number() -> Talk:
    """A number in whose middle something happens; its words come late, and are not stable at once."""
    texts = ["it", "costs", "twenty", "thousand", "four", "hundred", "dollars", ".", "that", "is", "a", "lot", "."]
    words: list[Word] = []
    at = 300
    for text in texts:
        if text == ".":
            words.append(Word(text, at - 60, at - 60))
        else:
            words.append(Word(text, at, at + 300))
            at += 360
    return Talk("talk", tuple(words), tail=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("application", ["transcribe", "stability"])
@pytest.mark.parametrize("down", [1.0, 5.0, 10.0, 16.0, 40.0])
def test_a_process_that_is_down_in_mid_number_commits_no_part_of_it(host: str, application: str, down: float) -> None:
    talk = number()
    script = Script.from_words(talk.words)
    expected = undisturbed(host, script, talk)

    async def main(at: float) -> None:
        cluster = cluster_of(host, script=script)
        cluster.start(restart=down)
        speaking = asyncio.create_task(cluster.speak(talk))
        await asyncio.sleep(at)
        next(process for process in cluster.processes if process.application == application).kill()
        await speaking
        await asyncio.sleep(SETTLED + down)
        assert await words_of(cluster, talk) == expected
        segments = (await session_output(cluster, talk)).segments
        assert not any(segment.words[-1].text in {"twenty", "thousand", "four", "hundred"} for segment in segments)
        await cluster.stop()

    for at in (1.6, 2.1, 2.6):
        run(main(at))


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("feed_rate", RATES, ids=str)
def test_a_backlog_commits_the_words_that_live_speech_does_at_any_rate_of_feeding(
    host: str, feed_rate: float | None
) -> None:
    script, talk = recorded()
    expected = undisturbed(host, script, talk)

    async def main() -> None:
        cluster = cluster_of(host, script=script, feed_rate=feed_rate)
        await cluster.open(talk)
        for start in range(0, talk.length, FRAME_MS):
            await cluster.send(frame(talk.id, start))
        await cluster.send(SessionEnded(session=talk.id, captured_at=VirtualClock().now()))
        cluster.start()
        await asyncio.sleep(talk.length / 1000 + SETTLED)
        assert await words_of(cluster, talk) == expected
        assert cluster.metrics.total(Metric.SEAMS) == 0
        await cluster.stop()

    run(main())


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("feed_rate", RATES, ids=str)
@pytest.mark.parametrize("mute", [4, 9, 12, 29, 45])
def test_a_mute_costs_no_word_and_the_first_one_behind_it_is_heard_at_once(
    host: str, feed_rate: float | None, mute: int
) -> None:
    async def main() -> float:
        before = sentences("talk", 3).words
        resumes = before[-1].end + 600 + mute * 1000
        resumes -= resumes % FRAME_MS
        after = tuple(Word(f"v{n}", resumes + 200 + n * 290, resumes + 440 + n * 290) for n in range(8))
        talk = Talk("talk", (*before, *after))
        # An engine that is sure of every word at once: what it has said last waits for nothing but the pause.
        cluster = cluster_of(host, script=Script.from_words(talk.words, unstable=0), feed_rate=feed_rate)
        cluster.start()
        await cluster.open(talk)
        began = asyncio.get_running_loop().time()
        for start in range(0, talk.length, FRAME_MS):
            await asyncio.sleep(began + start / 1000 - asyncio.get_running_loop().time())
            # Nothing at all is sent while the speaker is muted.
            if not before[-1].end + 600 <= start < resumes:
                await cluster.send(frame(talk.id, start))
        await cluster.send(SessionEnded(session=talk.id, captured_at=VirtualClock().now()))
        await asyncio.sleep(SETTLED)
        got = await session_output(cluster, talk)
        got.assert_whole(said(talk))
        last = next(s for s in got.segments if s.words and any(w.text == "w14" for w in s.words))
        first = next(s for s in got.segments if s.words and any(w.text == "v0" for w in s.words))
        origin = VirtualClock().now() - round((asyncio.get_running_loop().time() - began) * 1000)
        # The muted speaker's last words are out soon behind PAUSE_THRESHOLD.
        assert last.hops["stability"] - origin - last.end < 4000
        late = (first.hops["stability"] - origin - first.end) / 1000
        await cluster.stop()
        return late

    # Up to 10 s of a mute are fed as silence, at the engine's rate.
    allowed = 4.0 if feed_rate is None or mute > 10 else 4.0 + mute / feed_rate
    assert run(main()) < allowed


@pytest.mark.parametrize("host", HOSTS)
def test_no_results_for_long_while_the_stream_of_results_is_out_commits_nothing_early(host: str) -> None:
    talk = number()
    script = Script.from_words(talk.words)
    expected = undisturbed(host, script, talk)

    async def main() -> None:
        cluster = cluster_of(host, script=script)
        cluster.view = lambda application, environment: replace(
            environment,
            streams={
                **environment.streams,
                StreamName.TRANSCRIPTS: RefusingView(
                    environment.streams[StreamName.TRANSCRIPTS], lambda at: 1.9 <= at < 18
                ),
            },
        )
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        assert await words_of(cluster, talk) == expected
        segments = (await session_output(cluster, talk)).segments
        assert not any(segment.words[-1].text in {"twenty", "thousand", "four", "hundred"} for segment in segments)
        await cluster.stop()

    run(main())
