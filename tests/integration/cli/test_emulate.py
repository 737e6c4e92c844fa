"""`llt emulate`, as a process of its own: what it prints, what it runs, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "cli/demo/recording.moonshine.jsonl"
#: Engines that start at once.
QUICK = ["--recogniser", f"scripted:{SCRIPT}", "--translator", "scripted", "--synthesizer", "scripted"]
TRANSLATE = """
import boto3
answer = boto3.client("translate").translate_text(Text="Hi.", SourceLanguageCode="en", TargetLanguageCode="es")
print(answer["TranslatedText"])
"""


@pytest.fixture(autouse=True)
def elsewhere(newcomer: Path) -> Path:
    return newcomer


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", "emulate", *QUICK, *arguments]


def environ(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environ(**more), capture_output=True, text=True, timeout=60, check=False
    )


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_environment_of_its_clients_and_serves_until_a_signal(newcomer: Path, number: int) -> None:
    ports = ["--transcribe-port", free_port(), "--port", free_port()]
    arguments = command(*ports, "--env-file", "emulators.env", "--ca-folder", "ca")
    with subprocess.Popen(arguments, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert "up" in it.stderr.readline()
        lines = (newcomer / "emulators.env").read_text()
        client = environ(**dict(line.split("=", 1) for line in lines.splitlines()), AWS_DEFAULT_REGION="us-east-1")
        asked = subprocess.run(
            [sys.executable, "-c", TRANSLATE], env=client, capture_output=True, text=True, timeout=60
        )
        it.send_signal(number)
        out, err = it.communicate(timeout=30)
    assert (it.returncode, out, err) == (0, lines, "")
    assert asked.stdout == "[es] Hi.\n", asked.stderr
    assert f"AWS_ENDPOINT_URL_POLLY=https://localhost:{ports[3]}" in lines
    assert f"AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING=https://localhost:{ports[1]}" in lines
    assert (newcomer / "ca/emulators-ca.pem").exists()


def test_a_command_runs_on_them_and_gives_its_exit_code() -> None:
    # Engines of AWS are for the command: behind the emulators they would call themselves.
    chosen = {"RECOGNISER": "aws", "TRANSLATOR": "aws", "SYNTHESIZER": "polly", "AWS_DEFAULT_REGION": "us-east-1"}
    ended = run("--", sys.executable, "-c", f"{TRANSLATE}\nraise SystemExit(7)", **chosen)
    assert (ended.returncode, ended.stdout) == (7, "[es] Hi.\n"), ended.stderr


def test_a_key_and_a_region_that_are_set_are_kept() -> None:
    script = "import os; print(os.environ['AWS_REGION'], os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_CA_BUNDLE'])"
    ended = run("--", sys.executable, "-c", script, AWS_REGION="eu-west-1")
    region, key, bundle = ended.stdout.split()
    assert (region, key, ended.returncode) == ("eu-west-1", "test", 0)
    # What was made for the command is gone with it.
    assert not Path(bundle).exists()


def test_nothing_is_put_over_what_is_set_in_another_way() -> None:
    script = "import os; print([os.environ.get(name) for name in ('AWS_REGION', 'AWS_ACCESS_KEY_ID', 'RECOGNISER')])"
    ended = run(
        "--", sys.executable, "-c", script, AWS_DEFAULT_REGION="eu-west-1", AWS_PROFILE="mine", RECOGNISER="moonshine"
    )
    assert ended.stdout == "[None, None, 'moonshine']\n", ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command(number: signal.Signals) -> None:
    script = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: sys.exit(number))
print("ready", flush=True)
time.sleep(60)
"""
    arguments = command("--", sys.executable, "-c", script)
    with subprocess.Popen(arguments, env=environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "ready\n"
        it.send_signal(number)
        it.communicate(timeout=30)
    assert it.returncode == number


def test_a_fault_strikes_what_the_command_asks() -> None:
    ended = run(
        "--fault", "translate:silent-end", "--", sys.executable, "-c", TRANSLATE, AWS_DEFAULT_REGION="us-east-1"
    )
    assert "KeyError: 'TranslatedText'" in ended.stderr


@pytest.mark.parametrize("option", ["--transcribe-port", "--port"])
def test_a_port_in_use_is_one_line(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(option, str(port), "--", "true")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr
        == f"llt: port {port} is in use: stop what listens there, or choose another (--port, --transcribe-port)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--recogniser", "aws"], 2, "--recogniser aws: expected moonshine, pocketsphinx, scripted:PATH"),
        (["--translator", "aws"], 2, "--translator aws: expected apertium, scripted"),
        (["--synthesizer", "polly"], 2, "--synthesizer polly: expected espeak, scripted"),
        (["--fault", "thunder"], 2, "fault thunder: expected [SERVICE:]KIND"),
        (["--fault", "polly:abort@5"], 2, "fault polly:abort@5: expected @SECONDS for transcribe alone"),
        (["--", "no-such-program"], 1, "no-such-program cannot be run: No such file or directory"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: list[str], code: int, said: str) -> None:
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
