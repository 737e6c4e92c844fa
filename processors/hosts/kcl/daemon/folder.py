"""A process's own temporary folder, which the next such process removes where this one is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: A file that is locked while the folder's owner lives.
_OWNER = "owner"


@contextmanager
def own_folder(kind: str) -> Iterator[Path]:
    """A folder whose name begins with `kind`; those of this kind whose owners are dead are removed first."""
    _remove_orphans(kind)
    with tempfile.TemporaryDirectory(prefix=f"{kind}-") as name:
        folder = Path(name)
        with (folder / "unlocked").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Nobody shall find it before it is locked.
            (folder / "unlocked").rename(folder / _OWNER)
            yield folder


def _remove_orphans(kind: str) -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{kind}-*/{_OWNER}"):
        # Its owner lives, or another process removes it too.
        with suppress(OSError):
            if lock.parent.lstat().st_uid == os.getuid():
                with lock.open() as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(lock.parent)
