"""Mode files become commands that flush on NUL."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.translate.engines.apertium.mode import installed, parse

pytestmark = pytest.mark.hermetic


def test_a_pipeline_is_split_into_commands_that_flush() -> None:
    mode = "lt-proc -w '/usr/share/a b/x.bin' | apertium-tagger -g $2 '/x.prob' | lt-proc $1 '/x.gen'|lt-proc -z /y\n"
    assert parse(mode) == [
        ("lt-proc", "-z", "-w", "/usr/share/a b/x.bin"),
        ("apertium-tagger", "-z", "-g", "/x.prob"),
        ("lt-proc", "-z", "-n", "/x.gen"),
        ("lt-proc", "-z", "/y"),
    ]


@pytest.mark.parametrize(
    "mode",
    ["", "lt-proc a |", "gawk 1", "lt-proc a; rm b", "lt-proc a > b", "lt-proc $HOME", "lt-proc `ls`", "lt-proc 'a"],
)
def test_anything_but_a_plain_pipeline_is_refused(mode: str) -> None:
    with pytest.raises(ValueError):
        parse(mode)


def test_pairs_are_known_by_short_codes_and_variants_left_aside(tmp_path: Path) -> None:
    for name in ("eng-spa", "spa-eng_US", "eng-cat_valencia", "en-gl", "spa-ast", "hin-morph", "eng-spa-tagger"):
        (tmp_path / f"{name}.mode").touch()
    assert set(installed(tmp_path)) == {("en", "es"), ("en", "gl"), ("es", "ast")}
