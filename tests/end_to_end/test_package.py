"""What is built from a checkout, and `llt` as pip installs it, used from another folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import wave
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.checkout import ROOT, files
from tests.support.waiting import TIMEOUT

# One process runs them all: what is built and installed here takes longer than what is tried with it.
pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.xdist_group("wheel")]

PACKAGES = {"shared", "producers", "processors", "sinks", "emulators", "cli"}
#: Seconds. Where pip's cache has none of the packages, 100 MB are fetched.
_INSTALLATION = 500
#: What pip says where it reaches no index of packages.
_NO_NETWORK = re.compile(r"after connection broken by|Network is unreachable|Temporary failure in name resolution")
_SAID = {
    "utterance": 1,
    "start": 100,
    "end": 900,
    "position": 1000,
    "items": [
        {"text": "Good", "start": 100, "end": 500},
        {"text": "night", "start": 500, "end": 900},
        {"text": ".", "start": 900, "end": 900},
    ],
    "final": True,
}


def python(*arguments: str | Path, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it, as pip does it where there is none."""
    copy = tmp_path_factory.mktemp("checkout")
    # Building leaves files behind.
    for path in files():
        place = copy / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    python("-c", "from setuptools import build_meta; build_meta.build_sdist('dist')", cwd=copy)
    (sdist,) = (copy / "dist").iterdir()
    python("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", sdist.name, cwd=sdist.parent)
    return sdist.parent


@pytest.fixture(scope="module")
def sdist(dist: Path) -> Path:
    (built,) = dist.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


class Installed:
    """The wheel in an environment of its own, and a user's folder elsewhere."""

    def __init__(self, environment: Path, home: Path) -> None:
        self.environment = environment
        self.home = home

    def run(self, program: str, *arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": f"{self.environment / 'bin'}:{os.defpath}", "HOME": str(self.home), "COLUMNS": "200"}
        return subprocess.run(
            [self.environment / "bin" / program, *arguments],
            cwd=self.home,
            env=own | environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def llt(self, *arguments: str | Path, **environ: str) -> str:
        done = self.run("llt", *arguments, **environ)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new one, in which pip has installed the wheel with what it needs; removed again, since it is large."""
    folder = tmp_path_factory.mktemp("environment")
    python("-m", "venv", "--without-pip", folder, cwd=folder)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--no-compile"),
            *("--retries", "1", "--constraint", ROOT / "constraints.txt", f"{wheel}[workers,offline,emulators]"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=_INSTALLATION,
    )
    if done.returncode and _NO_NETWORK.search(done.stdout + done.stderr):
        pytest.skip("pip reaches no index of packages")
    assert done.returncode == 0, done.stderr
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Installed:
    return Installed(environment, tmp_path)


def test_the_sdist_is_the_whole_checkout(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {str(path.relative_to(ROOT)) for path in files()} <= held


def test_the_wheel_holds_every_file_of_its_packages_and_none_besides(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry_points,) = (archive.read(name) for name in archive.namelist() if name.endswith("/entry_points.txt"))
        (licence,) = (archive.read(name) for name in archive.namelist() if name.endswith("/licenses/LICENSE"))
    ours = {str(path.relative_to(ROOT)) for path in files()}
    assert held == {name for name in ours if name.partition("/")[0] in PACKAGES}
    assert held >= {f"{package}/py.typed" for package in PACKAGES}
    assert b"llt = cli.__main__:main" in entry_points
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_llt_says_its_version(installed: Installed, wheel: Path) -> None:
    _, version, *_ = wheel.name.split("-")
    assert installed.llt("--version").split()[-1] == version


def test_the_doctor_finds_the_offline_engines_and_names_no_tool_of_a_checkout(installed: Installed) -> None:
    said = installed.llt("doctor")
    assert said.rstrip().endswith("Ready for `llt demo`.")
    assert re.search(r"LocalStack: .* -m pip install 'localstack-client>=\S+ 'psutil>=\S+$", said, re.MULTILINE)
    assert re.search(r"Library: .*; .* -m pip install .* amazon_kclpy==", said)
    assert not re.search(r"\bmake\b|\.sh\b", said)


def test_who_means_localstack_is_told_how_to_start_it_without_a_checkout(installed: Installed) -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "us-east-1"}
    key = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    done = installed.run("llt", "streams", "list", STREAMS="kinesis", **nobody, **key)
    assert done.returncode == 1
    assert "start it (docker run --rm --publish 127.0.0.1:4566:4566 localstack/localstack:" in done.stderr


def record(home: Path) -> dict[str, str]:
    """A second of `talk.wav`; returns the settings by which "Good night." is said in it."""
    with wave.open(str(home / "talk.wav"), "wb") as talk:
        talk.setparams((1, 2, 16000, 0, "NONE", ""))
        talk.writeframes(bytes(2 * 16000))
    (home / "talk.jsonl").write_text(json.dumps(_SAID) + "\n", encoding="utf-8")
    return {"RECOGNISER": "scripted:talk.jsonl", "TRANSLATOR": "scripted", "SYNTHESIZER": "scripted"}


def test_a_scripted_demo_writes_its_files(installed: Installed) -> None:
    engines = record(installed.home)
    installed.llt("demo", "--input", "talk.wav", "--to", "es", "--out", "made", **engines)
    made = installed.home / "made"
    assert "[es] Good night." in (made / "captions.es.vtt").read_text(encoding="utf-8")
    with wave.open(str(made / "speech.es.wav")) as speech:
        assert speech.getnframes() > 0


def test_the_programs_of_the_sdk_s_page_run(installed: Installed) -> None:
    page = (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8")
    for number, program in enumerate(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)):
        (installed.home / f"program{number}.py").write_text(program, encoding="utf-8")
    embedded = installed.run("python", "-W", "error", "program2.py", "talk.wav", **record(installed.home))
    assert (embedded.returncode, embedded.stdout, embedded.stderr) == (0, "1: [es] Good night.\n", "")
    # There are no streams here for those that speak and listen on Kinesis, which is the one thing that they lack.
    for name, arguments in (("program0.py", ("talk", "talk.wav")), ("program1.py", ("talk", "es"))):
        alone = installed.run("python", "-W", "error", name, *arguments)
        assert (alone.returncode, alone.stdout) == (1, "")
        assert re.fullmatch(r"(speaker|listener): AWS: no region is set; .*\n", alone.stderr)


def test_the_recording_of_the_demo_is_there(installed: Installed) -> None:
    demo = installed.run("python", "-c", "import cli.demo; print(*cli.demo.__path__)").stdout.strip()
    script = f"scripted:{demo}/recording.moonshine.jsonl"
    installed.llt("transcribe-file", f"{demo}/recording.wav", "--to", "es", "--out", "whole", RECOGNISER=script)
    assert "mujer" in (installed.home / "whole" / "captions.es.vtt").read_text(encoding="utf-8")


def test_the_emulators_run_a_command(installed: Installed) -> None:
    assert "--fault" in installed.llt("emulate", "--help")
    scripted = ("--recogniser", f"scripted:{os.devnull}", "--translator", "scripted", "--synthesizer", "scripted")
    said = installed.llt("emulate", *scripted, "--", "printenv", "AWS_ENDPOINT_URL_POLLY")
    assert said.startswith("https://localhost:")
