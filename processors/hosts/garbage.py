"""How often a host's process looks for cyclic garbage."""

from __future__ import annotations

import gc

#: Objects, made and not yet freed, between two looks at the young ones: more than the records of 1,000 sessions have.
_YOUNG = 50_000


def collect_seldom() -> None:
    """Makes the collector look at young objects once there are 50,000 of them, not 700.

    Records make no cycles, and one's objects are freed when the next of its session has come. With Python's own
    threshold those that many sessions hold are looked at again and again before that.
    """
    gc.set_threshold(max(_YOUNG, gc.get_threshold()[0]), *gc.get_threshold()[1:])
