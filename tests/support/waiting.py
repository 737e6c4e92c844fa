"""How long a test waits for what must come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Brought = TypeVar("Brought")

#: Seconds. It ends a test that hangs, also on a machine that is ten times slower; it never says how fast a thing is.
TIMEOUT = 120.0


def wait_until(happened: Callable[[], Brought], what: str) -> Brought:
    """Waits until it has happened and returns what it brought; fails naming `what`."""
    deadline = time.monotonic() + TIMEOUT
    while not (brought := happened()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return brought
