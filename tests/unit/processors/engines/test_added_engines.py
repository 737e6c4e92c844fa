"""Packages that are installed beside this one add engines, and a broken one costs only its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from processors.engines.built_in import BUILT_IN
from processors.engines.registry import EngineRegistry
from processors.engines.spec import EngineKind
from shared.errors import SettingError
from shared.settings import Settings
from tests.support.wav import flat

ROOT = Path(__file__).parents[4]
BUILT_IN_TRANSLATORS = [spec.name for spec in BUILT_IN if spec.kind is EngineKind.TRANSLATOR]
EXAMPLE = ROOT / "examples" / "custom_engine"
SPEC = "from processors.engines.spec import EngineKind, EngineSpec\n"
MINE = 'EngineSpec(kind=EngineKind.TRANSLATOR, name="{}", target="processors.translate.engines.scripted:ScriptedTranslator")'

LAST = """
from processors.translate.engines.scripted import ScriptedTranslator

class Last(ScriptedTranslator):
    name = "last"

ENGINE = EngineSpec(kind=EngineKind.TRANSLATOR, name="last", target="llt_last:Last")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the example is installed in."""
    folder = tmp_path_factory.mktemp("example")
    # Building leaves folders beside what is built.
    source = shutil.copytree(EXAMPLE, folder / "source")
    where = ["--target", str(folder / "site"), str(source)]
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-index", *where]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def llt(installed: Path, folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(installed)])
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.long
@pytest.mark.system
def test_the_example_is_an_engine_of_doctor_and_config(installed: Path, tmp_path: Path) -> None:
    told = llt(installed, tmp_path, "doctor", "--json", TRANSLATOR="shout")
    found = {(entry["part"], entry["name"]): entry for entry in orjson.loads(told.stdout)["findings"]}
    assert found["translator", "shout"]["languages"] == ["ca", "es"]
    assert found["translator", "shout"]["needed"]
    assert found["demo", "languages"]["present"]
    settings = orjson.loads(llt(installed, tmp_path, "config", "show", "--json").stdout)
    assert settings["TRANSLATOR"]["range"] == f"{', '.join(BUILT_IN_TRANSLATORS)} or shout"


@pytest.mark.system
def test_the_example_translates_a_recording(installed: Path, tmp_path: Path) -> None:
    word = {"text": "Hello", "start": 0, "end": 200, "stable": True}
    heard = {"utterance": 1, "start": 0, "end": 200, "position": 300, "items": [word], "final": True}
    (tmp_path / "word.jsonl").write_bytes(orjson.dumps(heard))
    engines = {"RECOGNISER": "scripted:word.jsonl", "TRANSLATOR": "shout", "SYNTHESIZER": "scripted"}
    recording = flat(tmp_path / "talk.wav", 1, 9000)
    done = llt(installed, tmp_path, "transcribe-file", str(recording), "--to", "es", "--out", "out", **engines)
    assert done.returncode == 0, done.stderr
    assert "¡HELLO!" in (tmp_path / "out" / "captions.es.vtt").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.system
def test_it_is_named_where_a_choice_is_wrong_and_may_stand_behind_the_emulators(
    installed: Path, tmp_path: Path
) -> None:
    flat(tmp_path / "talk.wav", 1)
    wrong = llt(installed, tmp_path, "transcribe-file", "talk.wav", TRANSLATOR="shouts")
    assert wrong.stderr == f"llt: TRANSLATOR=shouts: expected one of {', '.join(BUILT_IN_TRANSLATORS)}, shout\n"
    told = llt(installed, tmp_path, "emulate", "--translator", "google")
    assert told.stderr.startswith("llt: --translator google: expected apertium, ")
    assert told.stderr.endswith(", shout, an engine that works offline\n")


def package(folder: Path, name: str, text: str) -> None:
    """An installed package with one module, whose entry point is its ENGINE."""
    (folder / f"{name}.py").write_text(SPEC + text, encoding="utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[low_latency_translate.engines]\nit = {name}:ENGINE\n", encoding="utf-8")


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise OSError('no card')", "it = llt_bad:ENGINE: OSError: no card"),
        ("raise SystemExit('no licence')", "it = llt_bad:ENGINE: SystemExit: no licence"),
        ("import llt_nowhere", "it = llt_bad:ENGINE: ModuleNotFoundError: No module named 'llt_nowhere'"),
        ("", "it = llt_bad:ENGINE: AttributeError: module 'llt_bad' has no attribute 'ENGINE'"),
        ("ENGINE = 'shout'", "it = llt_bad:ENGINE: TypeError: expected an EngineSpec or a list of them, got str"),
        ("ENGINE = [print]", "it = llt_bad:ENGINE: TypeError: expected an EngineSpec or a list of them, got builtin"),
        (
            f"ENGINE = {MINE.format('aws')}",
            "it = llt_bad:ENGINE: ValueError: translator aws: expected a name that low-latency-translate has not taken",
        ),
        (
            f"ENGINE = {MINE.format('good')}",
            "it = llt_bad:ENGINE: ValueError: translator good: expected a name that llt_a_good has not taken",
        ),
    ],
)
def test_a_package_that_is_broken_is_named_once_and_keeps_nobody_from_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str, why: str
) -> None:
    package(tmp_path, "llt_a_good", f"ENGINE = [{MINE.format('good')}, {MINE.format('better')}]")
    package(tmp_path, "llt_bad", text)
    package(tmp_path, "llt_last", LAST)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("llt_a_good", "llt_bad", "llt_last"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    registry = EngineRegistry()
    names = [spec.name for spec in registry.known(EngineKind.TRANSLATOR)]
    assert names == [*BUILT_IN_TRANSLATORS, "good", "better", "last"]
    assert registry.load(EngineKind.TRANSLATOR, "last", Settings()).targets("en") >= {"es"}
    ((package_name, reason),) = registry.refused
    assert package_name == "llt_bad"
    assert reason.startswith(why)
    (warning,) = caplog.messages
    assert warning.startswith(f"the package llt_bad lacks an engine, for its entry point is broken: {why}")
    with pytest.raises(SettingError, match=r"expected one of apertium, .*, good, better, last$"):
        registry.load(EngineKind.TRANSLATOR, "bad", Settings())


@pytest.mark.hermetic
def test_of_a_list_each_engine_counts_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "llt_some", f"ENGINE = [{MINE.format('aws')}, None, {MINE.format('some')}]")
    monkeypatch.syspath_prepend(tmp_path)
    registry = EngineRegistry()
    assert [spec.name for spec in registry.known(EngineKind.TRANSLATOR)] == [*BUILT_IN_TRANSLATORS, "some"]
    assert [name for name, _ in registry.refused] == ["llt_some", "llt_some"]


@pytest.mark.hermetic
def test_what_is_left_of_a_package_keeps_nobody_from_working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "llt_left", "")
    (tmp_path / "llt_left-1.0.dist-info" / "METADATA").unlink()
    package(tmp_path, "llt_whole", f"ENGINE = {MINE.format('whole')}")
    monkeypatch.syspath_prepend(tmp_path)
    registry = EngineRegistry()
    assert [spec.name for spec in registry.known(EngineKind.TRANSLATOR)] == [*BUILT_IN_TRANSLATORS, "whole"]
    assert [name for name, _ in registry.refused] == ["llt_left"]


MUTE = """
from processors.translate.translator import Translator

class Mute(Translator):
    name = "mute"

    def targets(self, source):
        raise KeyError(source)

    async def close(self):
        raise OSError("no card")

ENGINE = EngineSpec(kind=EngineKind.TRANSLATOR, name="mute", target="llt_mute:Mute")
"""


@pytest.mark.long
@pytest.mark.system
@pytest.mark.parametrize("chosen", ["apertium", "mute"])
def test_doctor_shows_an_engine_that_fails_when_it_is_asked_and_goes_on(tmp_path: Path, chosen: str) -> None:
    package(tmp_path, "llt_mute", MUTE)
    told = llt(tmp_path, tmp_path, "doctor", "--json", TRANSLATOR=chosen)
    found = {(entry["part"], entry["name"]): entry for entry in orjson.loads(told.stdout)["findings"]}
    assert told.returncode == (chosen == "mute")
    assert not found["translator", "mute"]["present"]
    assert found["translator", "mute"]["remedy"] == "KeyError: 'en'"
    assert found["translator", "apertium"]["present"]


@pytest.mark.system
def test_doctor_shows_a_package_that_is_broken_and_goes_on(tmp_path: Path) -> None:
    package(tmp_path, "llt_bad", "raise OSError('no card')")
    told = llt(tmp_path, tmp_path, "doctor", "--json")
    found = {(entry["part"], entry["name"]): entry for entry in orjson.loads(told.stdout)["findings"]}
    assert told.returncode == 0
    assert not found["engines", "llt_bad"]["present"]
    assert found["engines", "llt_bad"]["remedy"] == "it = llt_bad:ENGINE: OSError: no card"
    assert found["translator", "apertium"]["present"]


@pytest.mark.system
def test_what_is_built_in_is_had_without_a_look_at_other_packages(tmp_path: Path) -> None:
    package(tmp_path, "llt_bad", "raise SystemExit(3)")
    check = (
        "from processors.engines.engines import Engines; from shared.settings import Settings; "
        "Engines(Settings(translator='scripted')).translator"
    )
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    subprocess.run([sys.executable, "-c", check], env=os.environ | {"PYTHONPATH": path}, check=True)
