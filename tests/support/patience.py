"""How long a test waits for what must come."""

from __future__ import annotations

#: Seconds. It ends a test that hangs, also on a machine that is ten times slower; it never says how fast a thing is.
PATIENCE = 120.0
