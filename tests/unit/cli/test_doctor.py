from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from processors.engines.registry import ENGINES
from processors.engines.spec import EngineKind
from shared.errors import SettingError
from shared.extras import PYTHON
from shared.settings import Settings
from tests.unit.cli.outcome import Llt, Outcome

pytestmark = pytest.mark.system


def findings(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    return {(entry["part"], entry["name"]): entry for entry in orjson.loads(outcome.out)["findings"]}


def test_all_is_well_on_a_machine_that_was_installed(llt: Llt) -> None:
    outcome = llt("doctor", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    found = findings(outcome)
    assert found["recogniser", "moonshine"]["languages"] == ["en"]
    assert {"es", "ca", "fr", "pt"} <= set(found["translator", "apertium"]["languages"])
    assert {"es", "ca", "fr", "pt"} <= set(found["demo", "languages"]["languages"])
    assert re.search(r"numpy \d", found["packages", "offline"]["detail"])
    assert found["Debian", "apertium-eng-spa"]["present"]
    assert all(entry["present"] or entry["remedy"] for entry in found.values())


def test_a_missing_package_of_the_chosen_engine_fails_and_says_how_to_get_it(
    llt: Llt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "moonshine_voice", None)
    outcome = llt("doctor")
    assert outcome.code == 1
    assert "-m pip install espeakng-loader==" in outcome.out
    assert outcome.out.endswith("Not ready for `llt demo`: it needs moonshine.\n")


def test_a_missing_package_of_another_engine_does_not_fail(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    outcome = llt("doctor")
    assert outcome.code == 0
    assert outcome.out.endswith("Ready for `llt demo`.\n")


@pytest.mark.parametrize(("left_out", "said"), [(False, "missing"), (True, f"left out on Python {PYTHON}")])
def test_a_package_is_missed_but_for_one_that_this_python_does_without(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, left_out: bool, said: str
) -> None:
    marker = f'python_version != "{PYTHON}" and ' if left_out else ""
    line = f'nowhere-to-be-had==1.0; {marker}extra == "offline"'
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: [line])
    outcome = llt("doctor", "--json")
    found = findings(outcome)["packages", "offline"]
    assert (outcome.code, found["present"]) == ((0, True) if left_out else (1, False))
    assert found["detail"] == f"nowhere-to-be-had {said}"
    assert found["remedy"].endswith("" if left_out else " -m pip install nowhere-to-be-had==1.0")


def test_an_engine_that_does_not_exist_is_named_with_those_that_do(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSLATOR", "babelfish")
    outcome = llt("doctor", "--json")
    entry = findings(outcome)["translator", "babelfish"]
    assert outcome.code == 1
    assert entry["needed"]
    assert not entry["present"]
    assert "apertium" in entry["remedy"]


@pytest.mark.parametrize(("key", "code"), [("key", 0), ("", 1)])
def test_the_credentials_of_aws_are_needed_where_an_engine_is_amazons(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, clean_environment: Path, key: str, code: int
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for files in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(files, str(clean_environment / "none"))
    assert ("AWS", "credentials") not in findings(llt("doctor", "--json"))
    monkeypatch.setenv("SYNTHESIZER", "polly")
    if key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key)
    outcome = llt("doctor")
    assert outcome.code == code
    assert ("it needs credentials." in outcome.out) is bool(code)
    assert ("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in outcome.out) is bool(code)


@pytest.mark.parametrize("program", ["no-such-program", "echo hello"])
def test_credentials_that_cannot_be_had_are_named_beside_all_the_rest(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, clean_environment: Path, program: str
) -> None:
    (clean_environment / "config").write_text(f"[default]\nregion = eu-west-1\ncredential_process = {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(clean_environment / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(clean_environment / "none"))
    monkeypatch.setenv("TRANSLATOR", "aws")
    outcome = llt("doctor", "--json")
    assert (outcome.code, outcome.err) == (1, "")
    assert not findings(outcome)["AWS", "credentials"]["present"]


def test_languages_that_the_engines_do_not_reach_together_fail(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.doctor._TARGETS", ("es", "tlh"))
    outcome = llt("doctor", "--json")
    assert outcome.code == 1
    assert "tlh" in findings(outcome)["demo", "languages"]["remedy"]


@pytest.mark.parametrize(
    ("devices", "present", "detail"),
    [
        ([("speakers", 0), ("headset", 1)], True, "headset"),
        ([("speakers", 0)], False, "no input device"),
        (None, False, "sounddevice is missing"),
    ],
)
def test_the_microphone_is_looked_for_but_not_needed(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, devices: list[tuple[str, int]] | None, present: bool, detail: str
) -> None:
    listed = [{"name": name, "max_input_channels": channels} for name, channels in devices or ()]
    module = None if devices is None else SimpleNamespace(query_devices=lambda: listed)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    outcome = llt("doctor", "--json")
    entry = findings(outcome)["microphone", "microphone"]
    assert outcome.code == 0
    assert (entry["present"], entry["detail"]) == (present, detail)
    assert bool(entry["remedy"]) != present


def test_debian_packages_that_are_not_there_are_named_with_their_command(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = clean_environment / "dpkg-query"
    query.write_text("#!/bin/sh\necho apertium installed 3.8\necho apertium-eng-spa config-files 0.8\nexit 1\n")
    query.chmod(0o755)
    monkeypatch.setenv("PATH", f"{clean_environment}:/usr/bin:/bin")
    found = findings(llt("doctor", "--json"))
    assert found["Debian", "apertium"]["detail"].startswith("3.8: ")
    assert found["Debian", "apertium-eng-spa"]["remedy"] == "apt-get install apertium-eng-spa"


@pytest.mark.parametrize("kind", EngineKind)
def test_it_looks_at_every_engine_that_there_is(llt: Llt, kind: EngineKind) -> None:
    looked_at = {name for part, name in findings(llt("doctor", "--json")) if part == kind}
    with pytest.raises(SettingError) as refused:
        ENGINES.load(kind, "nonesuch", Settings())
    expected = str(refused.value).partition("expected")[2].replace("one of", "").replace(" or ", ",")
    # One that takes an argument is looked at where it is chosen, and what plays a script needs nothing.
    listed = {name.strip() for name in expected.split(",") if ":" not in name}
    assert listed - {"scripted"} == looked_at
