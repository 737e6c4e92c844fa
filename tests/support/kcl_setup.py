"""Leaves out the tests of KCL workers where those are not set up, unless they are asked for by their mark."""

from __future__ import annotations

import pytest

from processors.hosts.kcl.daemon.installation import Installation
from shared.errors import SetupError

_REASON = "KCL workers are not set up"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See pytest. `-m kcl`, as `make test-kcl` has it, skips nothing: there they are to fail."""
    marked = [item for item in items if item.get_closest_marker("kcl")]
    if not marked or "kcl" in config.option.markexpr:
        return
    try:
        Installation.find()
    except SetupError as error:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=f"{_REASON}: {error}"))


def left_out(terminalreporter: pytest.TerminalReporter) -> str | None:
    """One line that says how many tests were left out, and why; None where none was."""
    reasons = [
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and _REASON in report.longrepr[2]
    ]
    return f"left out: {len(reasons)} of the tests, since {reasons[0]}" if reasons else None
