"""The id of a worker among those of its application on this machine: a worker that is restarted has the same."""

from __future__ import annotations

import errno
import socket
from hashlib import sha256
from itertools import count
from types import TracebackType
from typing import Self

from shared.errors import SettingError

#: Bytes that the kernel takes as an address, less the first one, which says that it is no file.
_LONGEST = 107


class WorkerId:
    """A number that no other living worker of the application has here, held until it is closed or the process ends.

    An abstract socket holds it: whoever runs the other worker, and with whatever environment, it is seen.
    """

    def __init__(self, number: int, bound: socket.socket) -> None:
        self.number = number
        self._socket = bound

    @classmethod
    def acquire(cls, application: str, wanted: int | None = None) -> Self:
        """The first number from 1 that is free, or the one that is wanted; raises SettingError where that is taken."""
        for number in count(1) if wanted is None else [wanted]:
            bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                bound.bind(_address(application, number))
            except OSError as error:
                bound.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return cls(number, bound)
        raise SettingError(
            f"--slot {wanted}: another worker of {application} on this machine has it; expected a free one, or none"
        )

    @property
    def name(self) -> str:
        """The worker's id as KCL has it: this host's name and the number."""
        return f"{socket.gethostname()}-{self.number}"

    def close(self) -> None:
        """Releases it."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _address(application: str, number: int) -> bytes:
    name = f"llt/{application}/{number}".encode()
    if len(name) > _LONGEST:
        name = f"llt/{sha256(name).hexdigest()}".encode()
    return b"\0" + name
