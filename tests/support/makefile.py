"""What the Makefile's targets run."""

from __future__ import annotations

import os
import re
import subprocess

from tests.support.checkout import ROOT
from tests.support.waiting import TIMEOUT


def commands(target: str, *variables: str) -> list[str]:
    """What make would run for a target, what it depends on first."""
    # Make itself may run these tests, and tells a make inside it how to behave.
    own = {name: value for name, value in os.environ.items() if not re.match("MAKE|MFLAGS$|PYTHON$", name)}
    shown = subprocess.run(
        ["make", "-n", target, *variables],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    return shown.stdout.splitlines()
