"""What every engine of a kind does, those of installed packages too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from processors.engines.built_in import BUILT_IN
from processors.engines.registry import ENGINES
from processors.engines.spec import EngineKind, EngineSpec
from processors.transcribe.recogniser import RecogniserEngine
from shared.errors import UnsupportedLanguage
from shared.extras import PYTHON, left_out
from shared.models import SAMPLE_BYTES
from shared.sessions import Session
from shared.settings import Settings
from tests.benchmarks.recogniser_run import read_wav

pytestmark = pytest.mark.system

DEMO = Path(__file__).parents[4] / "cli" / "demo"
#: What stands for the argument of an engine that takes one, by its entry's `argument`.
ARGUMENTS = {"PATH": DEMO / "recording.moonshine.jsonl"}
#: Seconds of the demo's recording in which its first sentence is spoken.
SPOKEN = 6
TEXT = "Good night."
#: Long names of languages that ISO 639-1 has a name of two letters for.
LONG = {"cat", "deu", "eng", "fra", "ita", "por", "rus", "spa", "zho"}


def of_kind(kind: EngineKind, *, offline: bool = False) -> pytest.MarkDecorator:
    """Runs a test with each engine of the kind, loaded as the setting would have it; `offline` with those alone."""
    specs = [spec for spec in ENGINES.known(kind) if spec.offline or not offline]
    return pytest.mark.parametrize("engine", specs, indirect=True, ids=lambda spec: f"{spec.kind}-{spec.name}")


@pytest.fixture
def spec(request: pytest.FixtureRequest) -> EngineSpec:
    found: EngineSpec = request.node.callspec.params["engine"]
    return found


@pytest.fixture
async def engine(spec: EngineSpec, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    if spec.argument and spec.argument not in ARGUMENTS and spec not in BUILT_IN:
        pytest.skip(f"the {spec.kind} {spec.name} is another package's, and what {spec.argument} may be is not known")
    for package in spec.packages:
        if left_out(spec.extra, package):
            pytest.skip(f"{package} is left out on Python {PYTHON}")
    choice = f"{spec.name}:{ARGUMENTS[spec.argument]}" if spec.argument else spec.name
    made = ENGINES.load(spec.kind, choice, Settings())
    yield made
    # Whoever was interrupted may close it again.
    await made.close()
    await made.close()


def session(language: str) -> Session:
    return Session(id="talk", source_language=language, target_languages=(), started_at=0)


def assert_codes(languages: frozenset[str]) -> None:
    assert languages
    assert all(re.fullmatch("[a-z]{2,3}", language) for language in languages)
    assert not languages & LONG


@of_kind(EngineKind.RECOGNISER)
async def test_a_recogniser_says_what_it_hears_and_at_which_rate(engine: RecogniserEngine) -> None:
    assert_codes(engine.languages())
    assert 8000 <= engine.rate <= 48_000
    assert engine.feed_rate is None or engine.feed_rate >= 1


@of_kind(EngineKind.RECOGNISER)
async def test_a_recogniser_refuses_a_language_that_it_does_not_hear(engine: RecogniserEngine) -> None:
    with pytest.raises(UnsupportedLanguage):
        await engine.open(session("xx"), 0)


@of_kind(EngineKind.RECOGNISER, offline=True)
async def test_a_recogniser_hears_words_and_ends_with_a_final(engine: RecogniserEngine) -> None:
    pcm = read_wav(DEMO / "recording.wav", engine.rate)[: SPOKEN * engine.rate * SAMPLE_BYTES]
    take = await engine.open(session("en"), 0)
    step = engine.rate // 10 * SAMPLE_BYTES
    for at in range(0, len(pcm), step):
        await take.feed(pcm[at : at + step])
    await take.finish()
    heard = [hypothesis async for hypothesis in take]
    await take.close()
    await take.close()
    assert heard[-1].final
    assert any(word.text for hypothesis in heard for word in hypothesis.items)
    utterances = [hypothesis.utterance for hypothesis in heard]
    assert utterances == sorted(utterances)
    assert all(0 <= word.start <= word.end for said in heard for word in said.items)


@of_kind(EngineKind.TRANSLATOR)
async def test_a_translator_says_what_it_reaches_and_what_it_is_called(engine: Any, spec: EngineSpec) -> None:
    assert engine.name == spec.name
    assert engine.billed in (True, False)
    assert_codes(engine.targets("en"))
    assert "en" not in engine.targets("en")
    assert engine.targets("xx") == frozenset()


@of_kind(EngineKind.TRANSLATOR)
async def test_a_translator_refuses_a_language_that_it_does_not_reach(engine: Any) -> None:
    with pytest.raises(UnsupportedLanguage):
        await engine.translate(TEXT, "en", "xx")
    with pytest.raises(UnsupportedLanguage):
        await engine.translate(TEXT, "xx", "en")


@of_kind(EngineKind.TRANSLATOR, offline=True)
async def test_a_translator_makes_another_text_of_a_text(engine: Any) -> None:
    for target in engine.targets("en") & {"ca", "es"} or engine.targets("en"):
        made = await engine.translate(TEXT, "en", target)
        assert made.strip()
        assert made != TEXT


@of_kind(EngineKind.SYNTHESIZER)
async def test_a_synthesizer_says_what_it_speaks_and_at_which_rate(engine: Any) -> None:
    assert_codes(engine.languages())
    assert 8000 <= engine.rate <= 48_000


@of_kind(EngineKind.SYNTHESIZER)
async def test_a_synthesizer_refuses_a_language_that_it_does_not_speak(engine: Any) -> None:
    with pytest.raises(UnsupportedLanguage):
        async for _ in engine.synthesize(TEXT, "xx", 1.0):
            pass


@of_kind(EngineKind.SYNTHESIZER, offline=True)
async def test_a_synthesizer_speaks_whole_samples_and_fewer_when_it_hurries(engine: Any) -> None:
    language = "en" if "en" in engine.languages() else min(engine.languages())
    lengths = []
    for tempo in (1.0, 1.3):
        pcm = b"".join([chunk async for chunk in engine.synthesize(TEXT, language, tempo)])
        assert len(pcm) % SAMPLE_BYTES == 0
        lengths.append(len(pcm))
    assert lengths[0] > lengths[1] > 0
