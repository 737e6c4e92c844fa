"""Engines are chosen by name and imported only then; what is missing is named with the way to get it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from processors.engines import registry
from processors.engines.built_in import BUILT_IN
from processors.engines.registry import ENGINES, EngineRegistry
from processors.engines.spec import Check, EngineKind, EngineSpec
from processors.synthesize.engines.espeak import EspeakSynthesizer
from processors.synthesize.engines.polly import PollySynthesizer
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.translate.engines.apertium import ApertiumTranslator
from processors.translate.engines.aws import AwsTranslator
from processors.translate.engines.scripted import ScriptedTranslator
from shared.errors import EngineUnavailable, ScriptError, SettingError
from shared.extras import PYTHON
from shared.settings import Settings
from tests.support.pocketsphinx import POCKETSPHINX, needs_pocketsphinx

RECOGNISER, TRANSLATOR, SYNTHESIZER = EngineKind
SCRIPT = Path(__file__).parents[4] / "cli" / "demo" / "recording.moonshine.jsonl"


def load(kind: EngineKind, choice: str, settings: Settings | None = None) -> Any:
    return ENGINES.load(kind, choice, settings or Settings())


#: This project's first engines, whose names are in the messages that are expected here.
FIRST = EngineRegistry(
    spec
    for spec in BUILT_IN
    if spec.name in {"moonshine", "pocketsphinx", "apertium", "espeak", "polly", "aws", "scripted"}
)


def spec(**changes: Any) -> EngineSpec:
    fields: dict[str, Any] = {
        "kind": TRANSLATOR,
        "name": "mine",
        "target": "processors.translate.engines.scripted:ScriptedTranslator",
    }
    return EngineSpec(**fields | changes)


@pytest.mark.system
@pytest.mark.parametrize("name", ["moonshine", POCKETSPHINX])
def test_a_recogniser_is_loaded_by_name(name: str) -> None:
    engine = load(RECOGNISER, name)
    assert engine.languages() == {"en"}
    assert engine.rate == 16000


@pytest.mark.hermetic
def test_a_script_is_loaded_by_its_path() -> None:
    assert load(RECOGNISER, f"scripted:{SCRIPT}").feed_rate is None


@pytest.mark.hermetic
@pytest.mark.parametrize("name", ["whisper", "scripted", "scripted:", "aws:", "aws:mine", ""])
def test_an_unknown_recogniser_is_told_what_there_is(name: str) -> None:
    with pytest.raises(
        SettingError, match=rf"^RECOGNISER={name}: expected moonshine, pocketsphinx, aws or scripted:PATH"
    ):
        FIRST.load(RECOGNISER, name, Settings())


@pytest.mark.hermetic
def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError):
        load(RECOGNISER, f"scripted:{tmp_path}/none.jsonl")


@pytest.mark.system
async def test_translators_and_synthesizers_are_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert isinstance(load(TRANSLATOR, "aws"), AwsTranslator)
    assert isinstance(load(TRANSLATOR, "scripted"), ScriptedTranslator)
    assert isinstance(load(TRANSLATOR, "apertium"), ApertiumTranslator)
    assert isinstance(load(SYNTHESIZER, "polly"), PollySynthesizer)
    assert isinstance(load(SYNTHESIZER, "scripted"), ScriptedSynthesizer)
    espeak = load(SYNTHESIZER, "espeak")
    assert isinstance(espeak, EspeakSynthesizer)
    await espeak.close()


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (TRANSLATOR, "google", r"TRANSLATOR=google: expected one of apertium, aws, scripted"),
        (SYNTHESIZER, "siri", r"SYNTHESIZER=siri: expected one of espeak, polly, scripted"),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(kind: EngineKind, name: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        FIRST.load(kind, name, Settings())


@pytest.mark.hermetic
def test_an_engine_is_made_as_the_settings_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "nb" in load(RECOGNISER, "aws", Settings(transcribe_language_codes="nb=no-NO")).languages()
    with pytest.raises(SettingError, match="TRANSCRIBE_LANGUAGE_CODES=norsk"):
        load(RECOGNISER, "aws", Settings(transcribe_language_codes="norsk"))
    with pytest.raises(SettingError, match=r"POLLY_VOICES=es: expected LANGUAGE=VOICE"):
        load(SYNTHESIZER, "polly", Settings(polly_voices="es"))


def without(*packages: str) -> Callable[[str], object]:
    """`find_spec` where these are not installed."""
    return lambda name: None if name in packages else find_spec(name)


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("kind", "name", "package", "message"),
    [
        (
            RECOGNISER,
            "moonshine",
            "moonshine_voice",
            r"moonshine-voice, of the extra offline: .* -m pip install .*moonshine-voice==",
        ),
        (
            RECOGNISER,
            "aws",
            "amazon_transcribe",
            r"amazon-transcribe, of the extra aws: .* -m pip install 'amazon-transcribe>=",
        ),
        (
            SYNTHESIZER,
            "espeak",
            "espeakng_loader",
            r"espeakng-loader, of the extra offline: .* -m pip install espeakng-loader==",
        ),
    ],
)
def test_a_missing_package_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, kind: EngineKind, name: str, package: str, message: str
) -> None:
    monkeypatch.setattr(registry, "find_spec", without(package))
    with pytest.raises(EngineUnavailable, match=message):
        load(kind, name)


@pytest.mark.hermetic
def test_a_package_that_this_python_does_without_is_not_told_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    line = f'pocketsphinx==5.1.1; python_version != "{PYTHON}" and extra == "offline"'
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: [line])
    monkeypatch.setattr(registry, "find_spec", without("pocketsphinx"))
    with pytest.raises(EngineUnavailable, match=rf"which the extra offline leaves out on Python {PYTHON}$"):
        load(RECOGNISER, "pocketsphinx")


@pytest.mark.system
def test_a_package_that_the_entry_does_not_name_is_named_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("processors.synthesize.engines.espeak")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    mine = spec(kind=SYNTHESIZER, target="processors.synthesize.engines.espeak:EspeakSynthesizer")
    with pytest.raises(
        EngineUnavailable,
        match=r"the synthesizer mine needs the package espeakng-loader: .* -m pip install espeakng-loader$",
    ):
        EngineRegistry([mine]).load(SYNTHESIZER, "mine", Settings())


@pytest.mark.hermetic
@pytest.mark.parametrize("packages", [("orjson.nowhere",), ()])
def test_what_a_package_that_is_there_lacks_is_not_told_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: tuple[str, ...]
) -> None:
    (tmp_path / "llt_misspelt.py").write_text("import orjson.nowhere\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        EngineUnavailable, match=r"^the translator mine imports orjson.nowhere, and orjson is there without it$"
    ):
        EngineRegistry([spec(target="llt_misspelt:Mine", packages=packages)]).load(TRANSLATOR, "mine", Settings())


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            "processors.translate.engines.none:Mine",
            r"translator mine is to be in .*none, and there is no processors.*none",
        ),
        (
            "processors.translate.style:Mine",
            r"translator mine: expected a class that inherits Translator .*got nothing",
        ),
        (
            "processors.translate.style:Style",
            r"translator mine: expected a class that inherits Translator .*got <class",
        ),
        ("processors.synthesize.engines.scripted:ScriptedSynthesizer", r"expected a class that inherits Translator"),
    ],
)
def test_an_entry_that_leads_to_no_engine_of_its_kind_is_told(target: str, message: str) -> None:
    with pytest.raises(EngineUnavailable, match=message):
        EngineRegistry([spec(target=target)]).load(TRANSLATOR, "mine", Settings())


@pytest.mark.hermetic
def test_a_translator_by_the_name_of_another_is_refused() -> None:
    with pytest.raises(EngineUnavailable, match="translator mine: expected that its name says so, got 'scripted'"):
        EngineRegistry([spec()]).load(TRANSLATOR, "mine", Settings())


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "translator"}, "kind='translator': expected an EngineKind"),
        ({"name": "My engine"}, "name='My engine': expected small letters"),
        ({"name": "mine:PATH"}, "name='mine:PATH': expected small letters"),
        ({"name": None}, "name=None: expected a text"),
        ({"target": "processors.mine"}, "target='processors.mine': expected module:Class"),
        ({"packages": "numpy"}, "packages='numpy': expected a tuple"),
        ({"extra": None}, "extra=None: expected a text"),
        ({"offline": "no"}, "offline='no': expected True or False"),
        ({"checks": Check.ENGINE}, "expected a tuple"),
    ],
)
def test_an_entry_with_a_wrong_field_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec(**changes)


@pytest.mark.system
@pytest.mark.parametrize(
    ("kind", "name", "others"),
    [
        pytest.param(
            *(RECOGNISER, "pocketsphinx", ["moonshine_voice", "numpy", "pocketsphinx", "boto3"]),
            marks=needs_pocketsphinx,
        ),
        (TRANSLATOR, "scripted", ["processors.translate.engines.apertium", "boto3"]),
        (SYNTHESIZER, "scripted", ["processors.synthesize.engines.espeak", "boto3"]),
    ],
)
def test_an_engine_is_imported_only_when_it_is_chosen(kind: EngineKind, name: str, others: list[str]) -> None:
    check = (
        "import sys; from processors.engines.engines import Engines; from shared.settings import Settings; "
        f"Engines(Settings({kind}={name!r})).{kind}; "
        f"print([name for name in {others} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
