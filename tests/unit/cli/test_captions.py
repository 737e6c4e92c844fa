from __future__ import annotations

import io

import pytest
from rich.console import Console

from cli.demo.lines import Lines
from cli.listen.show import Terminal
from shared.models import Status
from sinks import Caption


def caption(speaker: str | None, status: Status = Status.OK, text: str = "Good morning.") -> Caption:
    return Caption(1, "en", text, 0, 1500, status, captured_at=0, hops={}, received_at=0, speaker=speaker)


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (caption(None), "Good morning."),
        (caption("spk_0"), "spk_0: Good morning."),
        (caption("spk_0", Status.FAILED, ""), "(failed)"),
    ],
)
def test_a_line_names_its_speaker_where_there_is_one(shown: Caption, line: str) -> None:
    listener, demo = io.StringIO(), io.StringIO()
    Terminal(Console(file=listener)).show(shown)
    Lines(Console(file=demo)).caption(None, shown)
    assert listener.getvalue().strip() == f"1.5 s  {line}"
    assert demo.getvalue().strip() == f"1.5 s  en  {line}"
