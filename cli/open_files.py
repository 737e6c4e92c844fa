"""How many files this process may have open at once: connections and pipes to engines are files, too."""

from __future__ import annotations

import resource

from shared.errors import SetupError

#: What it asks for, where the machine allows it.
_WANTED = 4096
#: What a pipeline with a few languages has open, with room to spare; and what Python needs to start.
ENOUGH, FEWEST = 64, 16


def raise_limit() -> None:
    """Raises the limit as far as one may, to what is ever needed at the most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check(least: int = ENOUGH) -> None:
    """Raises SetupError where fewer files than `least` are allowed: what fails then says nothing of why."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < least:
        raise SetupError(f"{soft} open files are allowed, expected at least {least}; raise it: `ulimit -n 1024`")
