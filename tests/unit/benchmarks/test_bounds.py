"""The benchmarks whose figures do not depend on the machine keep their bounds."""

from __future__ import annotations

import importlib

import pytest

from tests.support.pocketsphinx import needs_pocketsphinx

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.mark.soak
@pytest.mark.no_cover
@pytest.mark.parametrize("name", [pytest.param("flicker", marks=needs_pocketsphinx), "speech_lag"])
def test_what_is_measured_on_virtual_time_keeps_its_bounds(name: str) -> None:
    figures = list(importlib.import_module(f"tests.benchmarks.{name}").run())
    assert [figure.name for figure in figures if not figure.holds] == []
    assert any(figure.bound for figure in figures)
