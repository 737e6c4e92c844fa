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
    young, *older = gc.get_threshold()
    # A program that has turned collections off, by 0, or made them rarer still knows why.
    if 0 < young < _YOUNG:
        gc.set_threshold(_YOUNG, *older)
