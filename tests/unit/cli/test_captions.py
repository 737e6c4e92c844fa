from __future__ import annotations

import io
from dataclasses import replace

import orjson
import pytest
from rich.console import Console
from rich.table import Table

from cli.console import Console as OurConsole
from cli.demo.lines import Lines
from cli.demo.screen import Screen
from cli.listen.renderer import JsonLines, Terminal
from shared.models import Status
from shared.sessions import Session
from sinks import Caption, Corrected, Tail

pytestmark = pytest.mark.hermetic


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


#: How many captions of each language stay on the demo's screen: README has a newcomer change it.
STAY = 3


def text_on(screen: Screen) -> str:
    """What the screen shows now, without its frames' blanks."""
    console = Console(file=io.StringIO(), width=200)
    with console.capture() as shown:
        console.print(screen)
    return " ".join(shown.get().split())


def test_the_newest_captions_of_a_language_stay_on_the_demos_screen() -> None:
    screen = Screen(Console(file=io.StringIO()), ["es"], 1.0)
    for number in range(1, 10):
        screen.caption("es", replace(caption(None, text=f"Frase {number}."), number=number))
    said = " ".join(f"Frase {number}." for number in range(10 - STAY, 10))
    assert f" es {said} " in text_on(screen)


def test_what_stands_on_the_demos_screen_is_corrected_there() -> None:
    screen = Screen(Console(file=io.StringIO()), ["es"], 1.0)
    for number, text in enumerate(["Lo vendí.", "Por 20.", "Dólares."], 1):
        screen.caption("es", replace(caption(None, text=text), number=number))
    screen.corrected("es", Corrected(2, 3, "Por 25 dólares."))
    screen.corrected("es", Corrected(7, 9, "Que nadie ve."))
    assert "es Lo vendí. Por 25 dólares. " in text_on(screen)
    assert "nadie" not in text_on(screen)


#: It sets a terminal's title and its clipboard, clears its screen, and looks like markup of Rich's.
HOSTILE = "hola \x1b]0;OWNED\x1b\\\x1b]52;c;ZWNobw==\x07\x1b[2J\x9b31m\x00[red]x[/red]\nforged"


def test_a_terminal_shows_what_others_wrote_and_obeys_none_of_it() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=200, color_system=None)
    listener = Terminal(console)
    session = Session(id="talk", source_language=HOSTILE, target_languages=(HOSTILE,))
    with listener:
        listener.show(caption(HOSTILE, text=HOSTILE))
        listener.show(Tail(HOSTILE))
        listener.show(Corrected(1, 1, HOSTILE))
        listener.joined(session)
        listener.waiting(HOSTILE)
    screen = Screen(console, ["es"], 10.0)
    with screen:
        screen.tail(HOSTILE)
        screen.caption(None, caption(HOSTILE, text=HOSTILE))
    shown = written.getvalue()
    assert "hola [red]x[/red] forged: hola [red]x[/red] forged\n" in shown
    for obeyed in ("OWNED", "ZWNobw", "\x1b[2J", "\x9b", "\x00", "\nforged"):
        assert obeyed not in shown


def test_whatever_else_is_printed_on_a_console_is_clean_too() -> None:
    written = io.StringIO()
    console = OurConsole(file=written, force_terminal=True, width=200, color_system=None)
    table = Table()
    table.add_row("a\x1bcb\x9d0;x\x07", "two\nlines \udce9")
    console.print(table, f"file \x1b[2J{'x' * 300}\x85")
    assert not set(written.getvalue()) & set("\x1b\x9b\x9d\x85\x07\udce9")


def test_json_for_a_terminal_says_the_same_and_holds_nothing_that_it_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().show(caption("b\x9b31mob", text=HOSTILE + "\u2028\u202e 👋 é"))
    (line,) = capsys.readouterr().out.removesuffix("\n").split("\n")
    assert not set(line) & set("\x1b\x9b\x00\u2028\u202e")
    assert "👋 é" in line
    assert orjson.loads(line)["text"] == HOSTILE + "\u2028\u202e 👋 é"
