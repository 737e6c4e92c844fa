from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import Hypothesis
from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.models import Word
from shared.sessions import Session
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

WORDS = [Word(f"w{n}", n * 500, n * 500 + 400) for n in range(8)]
SCRIPT = Script.from_words(WORDS)
SPOKEN = 8 * 500 + 1136


def session(id: str = "talk", language: str = "en") -> Session:
    return Session(id=id, source_language=language, target_languages=(), started_at=0)


def silence(ms: int) -> bytes:
    return bytes(ms * 32)


async def heard(
    engine: ScriptedEngine, feeds: Sequence[int], *, start: int = 0, id: str = "talk", finish: bool = True
) -> list[Hypothesis]:
    """What a take says that is fed so many ms at a time."""
    take = await engine.open(session(id), start)
    for ms in feeds:
        await take.feed(silence(ms))
    if finish:
        await take.finish()
    results = [hypothesis async for hypothesis in take]
    await take.close()
    return results


@given(st.lists(st.integers(1, 700), max_size=20), st.integers(0, 4000))
def test_what_is_said_depends_on_audio_time_alone(feeds: list[int], start: int) -> None:
    in_pieces = run(heard(ScriptedEngine(SCRIPT), feeds, start=start))
    at_once = run(heard(ScriptedEngine(SCRIPT), [sum(feeds)], start=start))
    assert in_pieces == at_once
    assert all(result.position <= sum(feeds) for result in in_pieces)


def test_all_is_said_by_the_end() -> None:
    assert tuple(run(heard(ScriptedEngine(SCRIPT), [SPOKEN]))) == SCRIPT.results


def test_a_finished_take_ends_its_open_utterance_with_every_word_it_was_fed() -> None:
    *_, final = run(heard(ScriptedEngine(SCRIPT), [2100]))
    assert final.final
    assert [(w.text, w.start) for w in final.items] == [(w.text, w.start) for w in WORDS[:4]]
    assert all(word.stable for word in final.items)
    assert final.position == 2100


def test_a_take_finished_before_a_word_says_nothing() -> None:
    assert run(heard(ScriptedEngine(SCRIPT), [150])) == []


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_word_that_two_takes_share_is_said_by_one_of_them(cut: int, end: int) -> None:
    cut, end = sorted((cut, end))
    takes = [run(heard(ScriptedEngine(SCRIPT), [fed], start=start)) for start, fed in ((0, cut), (cut, end - cut))]
    said = [word.text for take in takes for result in take if result.final for word in result.items]
    assert said == [word.text for word in WORDS if word.midpoint < end]


def test_a_drop_ends_the_take_early_once() -> None:
    engine = ScriptedEngine(SCRIPT, drop_at=[1500])
    first = run(heard(engine, [100] * 60, finish=False))
    assert first == [result for result in SCRIPT.results if result.position <= 1500]
    again = run(heard(engine, [SPOKEN]))
    assert tuple(again) == SCRIPT.results


def test_openings_are_refused_as_often_as_asked() -> None:
    async def scenario() -> None:
        engine = ScriptedEngine(SCRIPT, refuse_opens=2)
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                await engine.open(session(), 0)
        await engine.open(session(), 0)

    run(scenario())


def test_a_variant_answers_differently_after_each_opening() -> None:
    def shouting(opened: int, script: Script) -> Script:
        return Script(
            tuple(
                replace(r, items=tuple(replace(w, text=w.text + "!" * opened) for w in r.items)) for r in script.results
            )
        )

    engine = ScriptedEngine(SCRIPT, variant=shouting)
    assert run(heard(engine, [SPOKEN]))[-1].items[0].text == "w0!"
    assert run(heard(engine, [SPOKEN]))[-1].items[0].text == "w0!!"


def test_each_session_hears_its_own_script() -> None:
    engine = ScriptedEngine({"one": SCRIPT, "two": Script.from_words([Word("hello", 0, 300)])})
    assert [w.text for w in run(heard(engine, [SPOKEN], id="two"))[-1].items] == ["hello"]
    assert len(run(heard(engine, [SPOKEN], id="one"))[-1].items) == len(WORDS)
    assert run(heard(engine, [SPOKEN], id="three")) == []


def test_another_language_is_refused() -> None:
    with pytest.raises(UnsupportedLanguage):
        run(ScriptedEngine(SCRIPT, languages=["es"]).open(session(), 0))
