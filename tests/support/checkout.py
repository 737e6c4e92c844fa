"""The files that this checkout is made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.waiting import TIMEOUT

ROOT = Path(__file__).parents[2]


def files() -> list[Path]:
    """Every file that the repository holds; where there is none, of what an sdist held."""
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=TIMEOUT,
    ).stdout
    return [path for name in listed.split(b"\0") if name and (path := ROOT / name.decode()).is_file()]
