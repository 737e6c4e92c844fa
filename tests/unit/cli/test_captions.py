from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from cli.demo.lines import Lines
from cli.demo.screen import Screen
from cli.listen.show import Terminal
from shared.models import Status
from sinks import Caption, Corrected


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


def test_the_demo_says_in_which_language_a_caption_is_corrected() -> None:
    demo = io.StringIO()
    lines = Lines(Console(file=demo))
    lines.corrected("es", Corrected(1, 1, "Por 25 dólares."))
    lines.corrected(None, Corrected(1, 1, "For 25 dollars."))
    assert demo.getvalue().split() == ["es", "corrected", "Por", "25", "dólares.", "corrected", "For", "25", "dollars."]


def test_what_stands_on_the_demos_screen_is_corrected_there() -> None:
    console = Console(file=io.StringIO(), width=80)
    screen = Screen(console, ["es"], 1.0)
    for number, text in enumerate(["Lo vendí.", "Por 20.", "Dólares."], 1):
        screen.caption("es", replace(caption(None, text=text), number=number))
    screen.corrected("es", Corrected(2, 3, "Por 25 dólares."))
    screen.corrected("es", Corrected(7, 9, "Que nadie ve."))
    with screen, console.capture() as shown:
        console.print(screen._live.get_renderable())
    assert "es Lo vendí. Por 25 dólares. " in " ".join(shown.get().split())
    assert "nadie" not in shown.get()
