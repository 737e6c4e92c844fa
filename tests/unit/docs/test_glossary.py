"""Every word of the glossary leads to the file that has it."""

from __future__ import annotations

import pytest

from tests.unit.docs.code import METRICS, SETTINGS, defined
from tests.unit.docs.document import Document
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic


ROWS = rows("docs/glossary.md", "word")


def test_the_words_are_in_order_and_each_is_said_once() -> None:
    words = [word.lower() for word, *_ in ROWS]
    assert len(words) > 80
    assert words == sorted(set(words))
    assert all(meaning for _, meaning, _ in ROWS)


def test_a_word_leads_to_one_file_which_is_where_the_program_has_it() -> None:
    for word, _, place in ROWS:
        *names, path = (part.strip("`[") for part in place.partition("](")[0].split(", "))
        assert place.endswith(f"[{path}](../{path})"), word
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in names:
            known = (
                f".{name.lower()}" in text
                if name in SETTINGS
                else f"Metric.{METRICS[name]}" in text
                if name in METRICS
                else name in defined(path)
            )
            assert known, f"{word}: expected {path} to have {name}"


def test_every_stage_s_setting_of_the_decision_is_a_word_of_it() -> None:
    """What decides when words are committed is what a reader of the settings looks up."""
    spans = set(Document("docs/glossary.md").spans)
    assert spans >= {
        "PARTIAL_RESULTS_ENABLED",
        "MIN_STABILITY_THRESHOLD",
        "MAX_BUFFER_TIMEOUT",
        "MAX_BUFFERED_SPEECH",
        "PAUSE_THRESHOLD",
        "ORPHAN_TIMEOUT",
        "MAX_RATE_PER_SECOND",
        "DEDUP_CACHE_TTL",
    }
