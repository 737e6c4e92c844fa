"""How often a host's process looks for cyclic garbage."""

from __future__ import annotations

import gc

#: Net allocations between two looks at the young objects: many times those of the records that sessions hold.
_YOUNG = 50_000


def collect_seldom() -> None:
    """Makes the collector look at a record's objects only where they have outlived some 10,000 records.

    A record makes no cycles, and its objects are freed when the next one of its session has come. With Python's
    threshold of 700 those of many sessions live long enough to be looked at again and again, which costs more the more
    sessions there are.
    """
    gc.set_threshold(max(_YOUNG, gc.get_threshold()[0]), *gc.get_threshold()[1:])
