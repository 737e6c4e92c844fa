"""The lines by which users are told what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.metrics import exported
from shared.errors import SettingError
from shared.metrics import MemoryMetrics
from shared.settings import Settings
from tests.unit.cli.outcome import Llt


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials and a region, but nobody there."""
    monkeypatch.setenv("STREAMS", "kinesis")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which somebody else is."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.system
@pytest.mark.parametrize("command", [["streams", "list"], ["sessions", "list"], ["sessions", "show", "talk"]])
def test_where_nobody_answers_it_says_so_and_how_to_start_localstack(
    llt: Llt, aws: None, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        outcome = llt(*command)
    assert outcome.code == 1
    assert outcome.err.splitlines()[-1] == (
        f"llt: nobody answers at {address}; is AWS_ENDPOINT_URL right? If LocalStack is meant, start it (make localstack)"
    )


@pytest.mark.system
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    llt: Llt, aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.test:4566")
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{port}")
        outcome = llt("sessions", "list")
    assert outcome.code == 1
    assert outcome.err == (
        f"llt: no way through the proxy http://***:***@127.0.0.1:{port}; see HTTPS_PROXY, HTTP_PROXY and NO_PROXY\n"
    )


@pytest.mark.hermetic
def test_an_endpoint_without_its_scheme_is_told(llt: Llt, aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:4566")
    outcome = llt("sessions", "list")
    assert (outcome.code, outcome.err) == (
        2,
        "llt: AWS_ENDPOINT_URL=localhost:4566: http:// is missing; set AWS_ENDPOINT_URL=http://localhost:4566\n",
    )


@pytest.mark.hermetic
def test_a_script_that_is_not_there_names_the_setting(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOGNISER", "scripted:/nosuch")
    recording = Path(__file__).parents[3] / "cli" / "demo" / "recording.wav"
    outcome = llt("transcribe-file", str(recording))
    assert (outcome.code, outcome.err) == (2, "llt: RECOGNISER=scripted:/nosuch: No such file or directory\n")


@pytest.mark.system
def test_a_port_in_use_names_the_setting(taken: int) -> None:
    with pytest.raises(
        SettingError,
        match=rf"^METRICS_PORT={taken}: 127\.0\.0\.1:{taken} cannot be had: Address already in use; choose",
    ):
        exported(MemoryMetrics(), Settings(metrics_port=taken))


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["listen", "bad id!"], "session id 'bad id!': expected 1-128 letters"),
        (["listen", ""], "session id '': expected 1-128 letters"),
        (["sessions", "show", ""], "session id '': expected 1-128 letters"),
        (["sessions", "end", "a/b"], "session id 'a/b': expected 1-128 letters"),
        (["listen", "talk", "--language", "Spanish"], "--language Spanish: expected a language code, such as es"),
        (
            ["listen", "talk", "--language", "es", "--audio", "no/such.wav"],
            "--audio no/such.wav: there is no folder no; make it, or choose another",
        ),
        (["listen", "talk", "--vtt", "."], "--vtt .: expected a file, got a folder"),
        (
            ["listen", "talk", "--language", "es", "--vtt", "a", "--audio", "a"],
            "--audio a: expected another file than that of --vtt",
        ),
        (["sessions", "create", "x", "--to", "es/x,../y"], "--to es/x,../y: expected language codes"),
        (["sessions", "create", "x", "--to", "Spanish"], "--to Spanish: expected language codes"),
        (["sessions", "create", "x", "--source", ""], "--source : expected a language code, such as es"),
        (["sessions", "create", "x", "--setting", "MAX_HOLD"], "--setting MAX_HOLD: expected NAME=value"),
        (["sessions", "create", "x", "--setting", "MAX_HOLD=1"], "MAX_HOLD=1: expected 10-600 s"),
        (
            ["sessions", "create", "x", "--setting", "STREAMS=kinesis"],
            "--setting STREAMS=kinesis: STREAMS is a process's",
        ),
        (["sessions", "create", "x", "--setting", "KCL_MODE=3x"], "--setting KCL_MODE=3x: KCL_MODE is a process's"),
        (
            ["sessions", "create", "x", "--setting", "MAX_HOLD=20", "--setting", "MAX_HOLD=30"],
            "--setting MAX_HOLD=30: MAX_HOLD is given twice",
        ),
    ],
)
def test_what_can_never_be_is_refused_before_anything_is_asked(
    llt: Llt, aws: None, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    outcome = llt(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(f"llt: {says}"), outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.hermetic
@pytest.mark.parametrize(("pressed", "code"), [(True, 130), (False, 1)])
def test_a_question_that_ctrl_c_answers_is_told_from_a_no(
    llt: Llt, monkeypatch: pytest.MonkeyPatch, pressed: bool, code: int
) -> None:
    def ask(**_: object) -> None:
        if not pressed:
            raise typer.Abort
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise typer.Abort from None

    monkeypatch.setattr("cli.main.app", ask)
    outcome = llt("streams", "delete")
    assert (outcome.code, outcome.err) == (code, "llt: stopped\n")


@pytest.mark.system
def test_who_is_not_signed_in_is_told_so_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\nregion = us-east-1\n"
        "[sso-session corp]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
    )
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "sessions", "list"],
        cwd=tmp_path,
        env=own
        | {
            "PYTHONPATH": str(Path(__file__).parents[3]),
            "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": str(config),
            "AWS_PROFILE": "sso",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("llt: AWS: profile sso is not signed in: ")
    assert done.stderr.endswith("; run `aws sso login --profile sso`\n")
    assert done.stderr.count("\n") == 1
