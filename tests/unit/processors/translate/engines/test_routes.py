"""The way through installed pairs, and what to install for more."""

from __future__ import annotations

import pytest

from processors.translate.engines.apertium.packages import missing
from processors.translate.engines.apertium.routes import routes

pytestmark = pytest.mark.hermetic

_PAIRS = {("en", "es"), ("es", "en"), ("en", "ca"), ("ca", "fr"), ("es", "pt"), ("ca", "pt"), ("fr", "en")}


def test_the_fewest_pairs_win_and_the_alphabet_decides_between_equals() -> None:
    assert routes(_PAIRS, "en") == {
        "es": ("en", "es"),
        "ca": ("en", "ca"),
        "fr": ("en", "ca", "fr"),
        "pt": ("en", "ca", "pt"),
    }
    assert routes(_PAIRS, "pt") == {}


def test_the_packages_for_a_missing_way_are_named() -> None:
    assert missing({("en", "ca")}, "en", "it") == ["apertium-cat-ita"]
    assert missing((), "en", "es") == ["apertium-eng-spa"]
    assert missing((), "en", "ja") == []
