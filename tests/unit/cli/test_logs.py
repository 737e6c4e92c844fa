from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import orjson
import pytest

from cli import logs

pytestmark = pytest.mark.hermetic


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    yield
    logs.configure()


def test_elsewhere_than_on_a_terminal_every_line_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    log = logging.getLogger("processors.hosts")
    log.warning("gave up on %s", "session-1", extra={"stage": "translate"})
    log.info("not shown")
    (line,) = capsys.readouterr().err.splitlines()
    entry = orjson.loads(line)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "warning",
        "logger": "processors.hosts",
        "message": "gave up on session-1",
        "stage": "translate",
    }


@pytest.mark.parametrize("terminal", [False, True])
def test_an_exception_shows_its_place_but_not_its_words(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    # However long this file's path is, it stands in one line.
    monkeypatch.setenv("COLUMNS", "1000")
    logs.configure()
    try:
        raise ValueError("got 'what was said'")
    except ValueError:
        logging.getLogger("sinks").exception("a listener failed")
    shown = stderr.getvalue()
    assert "a listener failed" in shown
    assert "ValueError" in shown
    assert "test_logs.py" in shown
    # The line of code stands in the trace, so the message is told apart by its beginning.
    assert "ValueError: got" not in shown


def test_verbose_shows_this_project_and_no_library(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(verbose=True)
    logging.getLogger("cli.main").debug("ours")
    logging.getLogger("botocore").debug("theirs")
    assert [orjson.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["ours"]


@pytest.mark.parametrize("terminal", [False, True])
def test_what_a_line_quotes_forges_no_other_and_reaches_no_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("COLUMNS", "1000")
    logs.configure()
    session = "x\x1b]0;OWNED\x1b\\\x1b[2J\x00\n12:00 CRITICAL forged\x9b31m"
    logging.getLogger("processors").warning("session %s has a dead letter", session, extra={"session": session})
    (line,) = stderr.getvalue().splitlines()
    # A terminal has colours of our own between the words.
    assert "session x " in line
    assert " CRITICAL forged has a dead letter" in line
    assert not any(mark in line for mark in ("OWNED", "\x1b]", "\x1b[2J", "\\u001b", "\\u0000", "\\n", "\x9b"))


def test_an_exception_that_a_daemon_told_of_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logging.getLogger("kcl").warning("failed", extra={"exception": "A: b\x1b[2J\n  at c.d"})
    (line,) = capsys.readouterr().err.splitlines()
    assert orjson.loads(line)["exception"] == "A: b\n  at c.d"
