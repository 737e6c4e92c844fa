"""`llt emulate`, as a process of its own: what it prints, what it runs, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = [pytest.mark.system, pytest.mark.long]

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
def elsewhere(clean_environment: Path) -> Path:
    return clean_environment


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", "emulate", *QUICK, *arguments]


def environ(**more: str) -> dict[str, str]:
    """AWS's files are those of the working directory, where there are any; this machine's have no say."""
    files = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "credentials"}
    own = {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "AWS_EC2_METADATA_DISABLED": "true"}
    return os.environ | own | files | more


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), env=environ(**more), capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_environment_of_its_clients_and_serves_until_a_signal(
    clean_environment: Path, number: int
) -> None:
    ports = ["--transcribe-port", free_port(), "--port", free_port()]
    arguments = command(*ports, "--env-file", "emulators.env", "--ca-folder", "ca")
    with subprocess.Popen(arguments, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert "up" in it.stderr.readline()
        lines = (clean_environment / "emulators.env").read_text()
        client = environ(**dict(line.split("=", 1) for line in lines.splitlines()), AWS_DEFAULT_REGION="us-east-1")
        asked = subprocess.run(
            [sys.executable, "-c", TRANSLATE], env=client, capture_output=True, text=True, timeout=TIMEOUT
        )
        it.send_signal(number)
        out, err = it.communicate(timeout=TIMEOUT)
    assert (it.returncode, out, err) == (0, lines, "")
    assert asked.stdout == "[es] Hi.\n", asked.stderr
    assert f"AWS_ENDPOINT_URL_POLLY=https://localhost:{ports[3]}" in lines
    assert f"AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING=https://localhost:{ports[1]}" in lines
    assert (clean_environment / "ca/emulators-ca.pem").exists()


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


def test_what_it_printed_before_it_prints_again(clean_environment: Path) -> None:
    first = run("--env-file", "one.env", "--", "true")
    (clean_environment / ".env").write_text((clean_environment / "one.env").read_text())
    second = run("--env-file", "two.env", "--", "true")
    assert (first.returncode, second.returncode) == (0, 0), second.stderr
    before, after = (
        dict(line.split("=", 1) for line in (clean_environment / name).read_text().splitlines())
        for name in ("one.env", "two.env")
    )
    assert before.keys() == after.keys() >= {"RECOGNISER", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE"}


def test_nothing_is_put_over_what_is_set_in_another_way() -> None:
    script = "import os; print([os.environ.get(name) for name in ('AWS_REGION', 'AWS_ACCESS_KEY_ID', 'RECOGNISER')])"
    ended = run(
        "--", sys.executable, "-c", script, AWS_DEFAULT_REGION="eu-west-1", AWS_PROFILE="mine", RECOGNISER="moonshine"
    )
    assert ended.stdout == "[None, None, 'moonshine']\n", ended.stderr


PLACED = "import os; print([os.environ.get(name) for name in ('AWS_REGION', 'AWS_ACCESS_KEY_ID')])"
ROLE = """
[default]
role_arn = arn:aws:iam::123456789012:role/listener
source_profile = base
[profile base]
region = eu-west-1
"""


@pytest.mark.parametrize(
    ("files", "more", "placed"),
    [
        ({}, {}, ["us-east-1", "test"]),
        ({"config": "[default]\nregion = eu-west-1\n"}, {}, [None, "test"]),
        ({"credentials": "[default]\naws_access_key_id = a\naws_secret_access_key = b\n"}, {}, ["us-east-1", None]),
        (
            {"config": "[profile mine]\nregion = eu-west-1\naws_access_key_id = a\naws_secret_access_key = b\n"},
            {"AWS_PROFILE": "mine"},
            [None, None],
        ),
        ({"config": "[profile mine]\nregion = eu-west-1\n"}, {"AWS_PROFILE": "mine"}, [None, "test"]),
        (
            {"config": ROLE, "credentials": "[base]\naws_access_key_id = a\naws_secret_access_key = b\n"},
            {},
            ["us-east-1", None],
        ),
        ({"config": "[default]\ncredential_process = no-such-program\n"}, {}, ["us-east-1", None]),
        ({}, {"AWS_PROFILE": "default"}, ["us-east-1", "test"]),
    ],
)
def test_nothing_is_put_over_what_the_files_of_aws_have(
    clean_environment: Path, files: dict[str, str], more: dict[str, str], placed: list[str | None]
) -> None:
    for name, text in files.items():
        (clean_environment / name).write_text(text, encoding="utf-8")
    ended = run("--", sys.executable, "-c", PLACED, **more)
    assert ended.stdout == f"{placed}\n", ended.stderr


class Metadata(BaseHTTPRequestHandler):
    """An EC2 machine that has a role."""

    def do_PUT(self) -> None:
        self.answer("token")

    def do_GET(self) -> None:
        key = {"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "2100-01-01T00:00:00Z"}
        self.answer(json.dumps(key) if self.path.endswith("/listener") else "listener")

    def answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_no_key_is_put_over_the_role_of_a_machine() -> None:
    with HTTPServer(("127.0.0.1", 0), Metadata) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        metadata = f"http://127.0.0.1:{server.server_port}"
        more = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata, "AWS_EC2_METADATA_DISABLED": "false"}
        ended = run("--", sys.executable, "-c", PLACED, **more)
        server.shutdown()
    assert ended.stdout == "['us-east-1', None]\n", ended.stderr


def test_a_metadata_service_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        metadata = f"http://127.0.0.1:{silent.getsockname()[1]}"
        more = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata, "AWS_EC2_METADATA_DISABLED": "false"}
        ended = run("--", sys.executable, "-c", PLACED, **more)
    assert ended.stdout == "['us-east-1', 'test']\n", ended.stderr


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
    # Without a terminal, whose Ctrl-C would reach the command anyway.
    with subprocess.Popen(arguments, env=environ(), start_new_session=True, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "ready\n"
        it.send_signal(number)
        it.communicate(timeout=TIMEOUT)
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
