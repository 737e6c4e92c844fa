from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from processors.hosts.host import collect_seldom

pytestmark = pytest.mark.hermetic


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("young", "then"), [(700, 50_000), (100_000, 100_000), (0, 0)])
def test_young_objects_are_looked_at_seldom_unless_the_program_has_its_own_way(young: int, then: int) -> None:
    gc.set_threshold(young, 11, 12)
    collect_seldom()
    assert gc.get_threshold() == (then, 11, 12)
