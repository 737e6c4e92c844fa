"""`llt listen` where there is no session, and where nobody answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


def interrupted(arguments: Sequence[str], error: str = "") -> tuple[int, str, str]:
    """Runs `llt listen` until it has printed a line, or said one with `error` in it, and stops it by Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "listen", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT), "STREAMS": "kinesis"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said = process.stderr if error else process.stdout
        assert said is not None
        first = said.readline()
        assert error in first
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, out if error else first + out, first + err if error else err


@pytest.fixture
def streams(llt: Llt, stream_prefix: str) -> None:
    assert llt("streams", "create").code == 0


def test_a_session_that_is_not_there_is_waited_for_and_no_file_is_touched(
    streams: None, clean_environment: Path
) -> None:
    files = [clean_environment / "talk.vtt", clean_environment / "talk.wav"]
    for file in files:
        file.write_text("of an earlier talk")
    code, out, err = interrupted(["takl", "--language", "ES", "--vtt", "talk.vtt", "--audio", "talk.wav"])
    assert (code, out.strip(), err) == (130, "(waiting: there is no session takl yet)", "")
    assert [file.read_text() for file in files] == ["of an earlier talk"] * 2


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_where_nobody_answers_there_is_a_warning_at_once(
    stream_prefix: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        code, out, err = interrupted(["talk", *options], error=f"nobody answers at {address}")
    assert (code, out) == (130, "")
    assert err.count("nobody answers") == 1
