"""Figures that tests measure on their way, for whoever ran them to read at the end."""

from __future__ import annotations

import pytest

from tests.support.kcl_setup import left_out

_LINES: list[str] = []


def measured(line: str) -> None:
    """Has the line shown behind the tests' results, passed or not."""
    _LINES.append(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """See pytest."""
    if (line := left_out(terminalreporter)) is not None:
        terminalreporter.write_line(line)
    if _LINES:
        terminalreporter.section("measured")
    for line in _LINES:
        terminalreporter.write_line(line)
