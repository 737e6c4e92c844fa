"""The place of a worker among those of its application on this machine: a worker that comes back has the same id."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from shared.errors import SettingError, SetupError


class Slot:
    """A number that no other living worker of the application has here, kept until it is closed or the process ends."""

    def __init__(self, number: int, lock: TextIO) -> None:
        self.number = number
        self._lock = lock

    @classmethod
    def take(cls, application: str, wanted: int | None = None, environ: Mapping[str, str] = os.environ) -> Self:
        """The first number from 1 that is free, or the one that is wanted.

        Raises SettingError where that one is taken, and SetupError where no file can be written to keep it.
        """
        folder = _folder(environ)
        for number in count(1) if wanted is None else [wanted]:
            try:
                lock = (folder / f"{application}-{number}").open("w")
            except OSError as error:
                raise SetupError(f"KCL: no worker's slot can be kept in {folder}: {error}") from None
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                return cls(number, lock)
        raise SettingError(
            f"--slot {wanted}: another worker of {application} on this machine has it; expected a free one, or none"
        )

    @property
    def worker(self) -> str:
        """The id of the worker that has it."""
        return f"{socket.gethostname()}-{self.number}"

    def close(self) -> None:
        """Gives it back."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _folder(environ: Mapping[str, str]) -> Path:
    """A folder of this user's that is empty after a restart of the machine."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime) / "llt" if runtime else Path(tempfile.gettempdir()) / f"llt-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Anybody may make a folder of that name in the temporary one.
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise SetupError(f"KCL: {folder} is another user's; set XDG_RUNTIME_DIR to a folder of yours")
    except OSError as error:
        raise SetupError(f"KCL: no worker's slot can be kept in {folder}: {error}") from None
    return folder
