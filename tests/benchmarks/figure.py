"""What a benchmark says: a figure, what it is measured against in the same run, and the bound that it must keep."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Literal

_RELATIONS = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True, slots=True)
class Bound:
    """What must be true of a figure's `value`, or of its `ratio` to the baseline."""

    of: Literal["value", "ratio"]
    relation: Literal["<=", "<", ">=", "=="]
    limit: float

    def __str__(self) -> str:
        return f"{self.of} {self.relation} {self.limit:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    `value` and `baseline` are in `unit`; `against` names the baseline. A figure that is a count has none.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    against: str = ""
    bound: Bound | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the baseline; None where there is none, or where it is 0."""
        return self.value / self.baseline if self.baseline else None

    @property
    def holds(self) -> bool:
        """Whether the bound holds; a figure without one always does, a ratio that is not there never."""
        if self.bound is None:
            return True
        measured = self.value if self.bound.of == "value" else self.ratio
        return measured is not None and bool(_RELATIONS[self.bound.relation](measured, self.bound.limit))

    def json(self) -> dict[str, Any]:
        """The figure as one object of `benchmarks.json`."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "against": self.against,
            "ratio": self.ratio,
            "bound": str(self.bound) if self.bound else None,
            "holds": self.holds,
        }
