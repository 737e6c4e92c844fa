"""How hard the tests try what is tried at random, or many times over: EFFORT in the environment says so.

`make check` tries a tenth of what `make test` does, for an answer within a minute, and a soak ten times as much.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_FACTORS = {"check": 0.1, "test": 1.0, "soak": 10.0}
_NAME = os.environ.get("EFFORT", "test")
if _NAME not in _FACTORS:
    raise ValueError(f"EFFORT: expected one of {', '.join(_FACTORS)}, got {_NAME!r}")


def tries(usual: int) -> int:
    """How often something is tried now that `make test` tries `usual` times; once at least."""
    return max(1, round(usual * _FACTORS[_NAME]))


# A busy machine makes no property false.
settings.register_profile(
    "untimed", max_examples=tries(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")
