"""What docs/engines.md says of the engines is so."""

from __future__ import annotations

from dataclasses import fields

import pytest

from processors.engines.built_in import BUILT_IN
from processors.engines.spec import EngineKind, EngineSpec
from shared.settings import Settings
from tests.unit.docs.document import Document
from tests.unit.docs.tables import rows
from tests.unit.docs.tree import ROOT

pytestmark = pytest.mark.hermetic


PAGE = "docs/engines.md"


def test_the_table_of_engines_shows_each_as_its_entry_says() -> None:
    shown = [[cell.strip("`") for cell in row[:4]] for row in rows(PAGE, "engine")]
    assert shown == [[spec.form, spec.kind, "yes" if spec.offline else "no", spec.extra] for spec in BUILT_IN]
    assert all(row[4] for row in rows(PAGE, "engine"))


def test_the_engines_that_settings_have_and_name_are_in_the_table() -> None:
    for kind in EngineKind:
        known = {spec.form for spec in BUILT_IN if spec.kind is kind}
        ((value, text),) = [(value, text) for name, value, _, text in Settings().describe() if name == kind.setting]
        assert {value, *text.partition("such as ")[2].split(" or ")} <= known


def test_the_example_of_an_engine_is_the_package_that_is_installed_in_tests() -> None:
    (example,) = Document(PAGE).blocks("py")
    assert example == (ROOT / "examples" / "custom_engine" / "llt_shout.py").read_text(encoding="utf-8")


def test_the_fields_of_an_engines_entry_are_explained() -> None:
    explained = [row[0].strip("`") for row in rows(PAGE, "field")]
    assert ["kind", "name", "target", *explained] == [column.name for column in fields(EngineSpec)]
