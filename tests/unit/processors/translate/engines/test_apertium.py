"""Apertium for real: the Debian pairs en-es, en-ca, fr-ca and pt-ca are part of the project's set-up."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from processors.translate.engines.apertium import ApertiumTranslator
from shared.errors import EngineUnavailable, UnsupportedLanguage
from tests.support.waiting import wait_until

pytestmark = pytest.mark.system


@pytest.fixture
async def translator() -> AsyncIterator[ApertiumTranslator]:
    engine = ApertiumTranslator()
    yield engine
    await engine.close()


def children(of: int) -> list[int]:
    """The processes that `of` started and that still run, oldest first; not those that other tests share."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == of and fields[0] != "Z" and int(entry.name) not in _shared:
                found.append(int(entry.name))
    return sorted(found)


#: What the test process had started before, such as LocalStack.
_shared: set[int] = set()


@pytest.fixture(autouse=True)
def _set_shared_processes_aside() -> Iterator[None]:
    _shared.update(children(os.getpid()))
    yield
    _shared.clear()


async def test_translates_directly_and_by_way_of_a_third_language(translator: ApertiumTranslator) -> None:
    assert translator.targets("en") >= {"es", "ca", "fr", "pt"}
    assert "en" not in translator.targets("en")
    assert await translator.translate("The cats are big.", "en", "es") == "Los gatos son grandes."
    assert await translator.translate("The cats are big.", "en", "ca") == "Els gats són grans."
    assert await translator.translate("The cats are big.", "en", "fr") == "Les chats sont grands."
    assert await translator.translate("Los gatos son grandes.", "es", "en") == "The cats are big."


async def test_many_at_once_are_never_mixed_up(translator: ApertiumTranslator) -> None:
    lines = [f"I have {number} cats and {number * 7} dogs" for number in range(100, 160)]
    for language, expected in (("es", "Tengo {} gatos y {} perros"), ("ca", "Tinc {} gats i {} gossos")):
        answers = await asyncio.gather(*(translator.translate(line, "en", language) for line in lines))
        assert answers == [expected.format(number, number * 7) for number in range(100, 160)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The zorbified cat", "El zorbified gato"),
        ("a *big* cat #1 @home", "un *gato* grande #1 @casa"),
        ("the cat ~ <b>here</b> [1] {2} ^3$ a\\b", None),
        ("The cat.\n\nThe dog!", "El gato.\n\nEl perro!"),
        ("in the house", "en la casa"),
        ("In the house", "En la casa"),
        ("", ""),
        (" \n ", "\n"),
        ("...", "..."),
        ("Is it here?", None),
        ("a\0b \ud800", "ab ?"),
        ("中文 😀 é", "中文 😀 é"),
    ],
)
async def test_text_passes_whole(translator: ApertiumTranslator, text: str, expected: str | None) -> None:
    answer = await translator.translate(text, "en", "es")
    if expected is not None:
        assert answer == expected
    signs = "*#@~<>[]{}^$\\/!\n"
    assert Counter(filter(signs.__contains__, answer)) == Counter(filter(signs.__contains__, text))


async def test_an_abbreviation_does_not_take_the_full_stop(translator: ApertiumTranslator) -> None:
    assert await translator.translate("He lives in the U.S.A.", "en", "ca") == "Viu dins els EUA."


#: What is said with marks, and its Spanish.
_MARKED = {
    "No.": "No.",
    "No!": "No!",
    "No?": "No?",
    "No...": "No...",
    "Yes.": "Sí.",
    "Yes?!": "Sí?!",
    "Yes or no.": "Sí o no.",
    "No. No. No.": "No. No. No.",
    "The answer is no.": "La respuesta es no.",
    "He said no. I said yes.": "Dijo no. Dije sí.",
    "Oh no.": "Oh no.",
    "(No.)": "(No.)",
    '"No."': '"No."',
    'He said "No."': 'Dijo "No."',
    "“No.”": "“No.”",
    "No way.": "Ninguna manera.",
    "No. 5 is big.": "Núm. 5 es grande.",
    "It is art.": "Es arte.",
    "It is art!": "Es arte!",
    "He likes modern art; it is big.": "Le gusta el arte moderno; es grande.",
    "It costs 2.50.": "Cuesta 2.50.",
    "It is .5 now.": "Es .5 ahora.",
    "Version 2.": "Versión 2.",
    "At 5 p.m.": "En 5 p.m.",
    "Was it at 10 a.m.?": "Fue en 10 a.m.?",
    "U.S.A., and art, too.": "U.S.A., y arte, también.",
}


async def test_marks_mean_what_they_mean_in_speech(translator: ApertiumTranslator) -> None:
    assert {text: await translator.translate(text, "en", "es") for text in _MARKED} == _MARKED


async def test_the_answer_no_is_an_answer_by_way_of_a_third_language(translator: ApertiumTranslator) -> None:
    french = {"No.": "Non.", "No": "Non", "I said no.": "J'ai dit non.", "No, it is not.": "Non, il n'est pas."}
    assert {text: await translator.translate(text, "en", "fr") for text in french} == french


@pytest.mark.parametrize("place", [0, 5, -1])
async def test_a_killed_process_fails_one_line_at_most(translator: ApertiumTranslator, place: int) -> None:
    await translator.translate("cat", "en", "es")
    before = children(os.getpid())
    os.kill(before[place], signal.SIGKILL)
    try:
        answer = await translator.translate("dog", "en", "es")
    except EngineUnavailable:
        answer = await translator.translate("dog", "en", "es")
    assert answer == "perro"
    assert not set(before) & set(children(os.getpid()))


async def test_a_process_killed_in_mid_line_fails_that_line(translator: ApertiumTranslator) -> None:
    await translator.translate("cat", "en", "es")
    processes = children(os.getpid())
    os.kill(processes[2], signal.SIGSTOP)
    line = asyncio.create_task(translator.translate("cat", "en", "es"))
    await asyncio.sleep(0.01)
    os.kill(processes[4], signal.SIGKILL)
    with pytest.raises(EngineUnavailable, match="broke off"):
        await line
    assert await translator.translate("dog", "en", "es") == "perro"


async def test_a_line_given_up_is_not_taken_for_the_next_ones_answer(translator: ApertiumTranslator) -> None:
    await translator.translate("cat", "en", "es")
    stopped = children(os.getpid())[3]
    os.kill(stopped, signal.SIGSTOP)
    line = asyncio.create_task(translator.translate("cat", "en", "es"))
    await asyncio.sleep(0.01)
    line.cancel()
    with pytest.raises(asyncio.CancelledError):
        await line
    assert await translator.translate("dog", "en", "es") == "perro"


async def test_a_pipeline_that_does_not_answer_is_unavailable() -> None:
    translator = ApertiumTranslator(timeout=0.001)
    with pytest.raises(EngineUnavailable, match=r"eng-spa gave no answer within 0\.001 s"):
        await translator.translate("cat", "en", "es")
    await translator.close()


async def test_pairs_it_lacks_are_refused_with_what_would_work(translator: ApertiumTranslator) -> None:
    with pytest.raises(UnsupportedLanguage, match=r"from en it reaches ca, es, fr.*apt-get install apertium-es-ro"):
        await translator.translate("cat", "en", "ro")
    with pytest.raises(UnsupportedLanguage, match=r"it translates from ca, en, es"):
        await translator.translate("cat", "tlh", "en")
    with pytest.raises(UnsupportedLanguage, match=r"no Debian package adds it"):
        await translator.translate("cat", "en", "ja")
    assert translator.targets("tlh") == frozenset()


async def test_without_pairs_it_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="apt-get install apertium apertium-eng-spa"):
        ApertiumTranslator(tmp_path)


async def test_a_mode_that_cannot_be_kept_running_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "en-gl.mode").write_text("lt-proc 'a b.bin' | gawk '{print}'")
    (tmp_path / "eng-por.mode").write_text("lt-proc $1 'no such.bin'")
    translator = ApertiumTranslator(tmp_path)
    assert translator.targets("en") == {"pt"}
    with pytest.raises(EngineUnavailable, match="eng-por broke off"):
        await translator.translate("cat", "en", "pt")
    await translator.close()


async def test_closing_ends_every_process() -> None:
    translator = ApertiumTranslator()
    await translator.translate("cat", "en", "fr")
    assert children(os.getpid())
    await translator.close()
    assert not children(os.getpid())
    with pytest.raises(EngineUnavailable, match="closed"):
        await translator.translate("cat", "en", "fr")


async def test_closing_while_the_processes_start_leaves_none() -> None:
    translator = ApertiumTranslator()
    line = asyncio.create_task(translator.translate("cat", "en", "es"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert children(os.getpid())
    await translator.close()
    with pytest.raises(EngineUnavailable):
        await line
    assert not children(os.getpid())


async def test_a_missing_tool_is_named(translator: ApertiumTranslator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineUnavailable, match="cannot start lt-proc: No such file"):
        await translator.translate("cat", "en", "es")


_VICTIM = """
import asyncio
from processors.translate.engines.apertium import ApertiumTranslator

async def main():
    await ApertiumTranslator().translate("cat", "en", "fr")
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_no_process_outlives_a_killed_translator() -> None:
    with subprocess.Popen([sys.executable, "-c", _VICTIM], stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == b"ready\n"
        orphans = children(victim.pid)
        assert orphans
        victim.kill()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in orphans),
        "the end of Apertium's processes, which outlive the translator",
    )


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
