from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.figure import Bound, Figure

pytestmark = pytest.mark.hermetic


def figure(**fields: Any) -> Figure:
    base: dict[str, Any] = {"name": "codec", "value": 30.0, "unit": "us", "baseline": 10.0, "against": "orjson"}
    return Figure(**base | fields)


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (Bound("ratio", "<=", 3), True),
        (Bound("ratio", "<=", 2.9), False),
        (Bound("ratio", "<", 3), False),
        (Bound("value", ">=", 30), True),
        (Bound("value", ">=", 31), False),
        (Bound("value", "==", 0), False),
        (None, True),
    ],
)
def test_a_bound_is_on_the_value_or_on_its_ratio_to_the_baseline(bound: Bound | None, *, holds: bool) -> None:
    assert figure(bound=bound).holds is holds


@pytest.mark.parametrize("baseline", [None, 0.0])
def test_a_bound_on_a_ratio_that_cannot_be_had_does_not_hold(baseline: float | None) -> None:
    assert not figure(baseline=baseline, bound=Bound("ratio", "<=", 3)).holds


@pytest.mark.parametrize("of", ["value", "ratio"])
@pytest.mark.parametrize("relation", ["<=", "<", ">="])
def test_what_is_not_a_number_keeps_no_bound(of: Any, relation: Any) -> None:
    assert not figure(value=float("nan"), bound=Bound(of, relation, 3)).holds


def test_its_json_says_what_the_table_says() -> None:
    assert figure(bound=Bound("ratio", "<=", 4)).json() == {
        "name": "codec",
        "value": 30.0,
        "unit": "us",
        "baseline": 10.0,
        "against": "orjson",
        "ratio": 3.0,
        "bound": "ratio <= 4",
        "holds": True,
    }
