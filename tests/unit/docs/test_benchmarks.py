"""What docs/benchmarks.md shows is what `make bench` prints, with every bound held."""

from __future__ import annotations

import pytest

from tests.benchmarks.runner import NAMES
from tests.benchmarks.table import HEAD
from tests.unit.docs.document import Document
from tests.unit.docs.tables import rows

pytestmark = pytest.mark.hermetic


PAGE = "docs/benchmarks.md"


def test_the_table_shows_each_of_them_and_that_its_bounds_hold() -> None:
    shown = [(row[0].partition(":")[0], row[-1]) for row in rows(PAGE, "figure")]
    assert list(dict.fromkeys(name for name, _ in shown)) == list(NAMES)
    assert {holds for _, holds in shown} == {"yes", ""}
    assert f"\n{HEAD}\n| {NAMES[0]}: " in Document(PAGE).text
