"""Which records were in hand when a shard's process died, so that one which kills it again and again is known.

A file a shard, mapped into memory: what is written there outlives the process, however that ends. Nothing is kept
where several processes of this machine serve one shard: the first has the file.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import mmap
import os
import struct
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

#: Deaths in a row, of the process that has a record in hand, after which the record is to blame.
FATAL = 3
#: An entry of the file: a sequence number, deaths so far, and whether the record is in hand.
_ENTRY = struct.Struct(">32sBB")
_ENTRIES = 64
_BITS = 256
#: Seconds that a record is in hand at most while the event loop runs: an operator that waits is killed by others.
_LONGEST = 5.0
#: Seconds for which a record is in hand behind its operator's processing it: what that has begun may kill too.
_LINGER = 0.5
#: Seconds that a suspect waits until nothing else is in hand, and that what comes behind it waits.
_ALONE = 10.0
_TICK = 0.25


def crash_folder(streams: str) -> Path:
    """This user's folder of such files on this machine, for these streams; it outlives processes."""
    return Path(tempfile.gettempdir()) / f"llt-crashes-{os.getuid()}-{sha256(streams.encode()).hexdigest()[:12]}"


@dataclass(slots=True, eq=False)
class _Entry:
    at: int
    deaths: int = 0
    #: Loop time (s) at which it is in hand no more; None where it is not.
    until: float | None = None
    lingers: bool = False


class Crashes:
    """The records of one shard that are in hand, and those that were when a process died.

    One that was in hand when two processes in a row died is a suspect, to be fed alone: if others were in hand too,
    then the next death tells them apart. Once it was in hand without harm, all is forgotten.
    """

    def __init__(self, file: int | None = None) -> None:
        self._file = file
        self._map: mmap.mmap | None = None
        self._entries: dict[int, _Entry] = {}
        self._free = list(range(_ENTRIES))
        self._timer: asyncio.TimerHandle | None = None
        if file is not None:
            os.ftruncate(file, _ENTRY.size * _ENTRIES)
            self._map = mmap.mmap(file, _ENTRY.size * _ENTRIES)
            self._read()

    @classmethod
    def open(cls, folder: Path | None, application: str, stream: str, shard: str) -> Self:
        """The file of a shard in the folder; without one, or where it cannot be had, nothing is kept."""
        if folder is None:
            return cls()
        name = sha256(f"{application}/{stream}/{shard}".encode()).hexdigest()[:40]
        file = None
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.lstat().st_uid != os.getuid():
                raise PermissionError(f"{folder} is another user's")
            file = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return cls(file)
        except OSError as error:
            if file is not None:
                os.close(file)
            log.warning("%s: records that kill this process are not told apart: %s", shard, error)
            return cls()

    def suspect(self, sequence: int) -> bool:
        """Whether it is time to feed the record alone."""
        entry = self._entries.get(sequence)
        return entry is not None and entry.deaths == FATAL - 1

    def fatal(self, sequence: int) -> bool:
        """Whether FATAL processes in a row died that had the record in hand."""
        entry = self._entries.get(sequence)
        return entry is not None and entry.deaths >= FATAL

    def begin(self, sequence: int) -> None:
        """The record is in hand."""
        if self._map is None or sequence.bit_length() > _BITS:
            return
        entry = self._entries.get(sequence)
        if entry is None:
            if not self._free and not self._forget_one():
                return
            entry = self._entries[sequence] = _Entry(self._free.pop())
        entry.lingers = False
        self._hold(sequence, entry, _LONGEST)

    def end(self, sequence: int) -> None:
        """The record's operator has returned; what that has begun may still go on."""
        entry = self._entries.get(sequence)
        if entry is not None and entry.until is not None:
            entry.lingers = True
            self._hold(sequence, entry, _LINGER)

    def acked(self, sequence: int) -> None:
        """The record is done with; one that is fatal is kept, since it comes again until that is checkpointed."""
        if not self.fatal(sequence):
            self._drop(sequence)

    async def alone(self) -> None:
        """Returns once no record is in hand, or nobody waits for that any longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALONE):
                while any(entry.until is not None for entry in self._entries.values()):  # noqa: ASYNC110
                    await asyncio.sleep(_TICK)

    def close(self) -> None:
        """The process gives the shard up in good order: what is in hand has done it no harm."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._map is None or self._file is None:
            return
        for sequence, entry in list(self._entries.items()):
            if entry.until is not None:
                self._drop(sequence)
        self._map.close()
        self._map = None
        os.close(self._file)

    def _read(self) -> None:
        assert self._map is not None
        for at in range(_ENTRIES):
            number, deaths, in_hand = _ENTRY.unpack_from(self._map, at * _ENTRY.size)
            if not deaths + in_hand:
                continue
            self._free.remove(at)
            sequence = int.from_bytes(number)
            entry = self._entries[sequence] = _Entry(at, min(FATAL, deaths + in_hand))
            self._write(sequence, entry)
            if in_hand:
                log.error("a process died with record %d in hand, time %d of %d", sequence, entry.deaths, FATAL)

    def _hold(self, sequence: int, entry: _Entry, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        new = entry.until is None
        entry.until = loop.time() + seconds
        if new:
            self._write(sequence, entry)
        if self._timer is None:
            self._timer = loop.call_later(_TICK, self._tick)

    def _forget_one(self) -> bool:
        """Makes room for one more; False where every record is being processed, or suspected."""
        for sequence, entry in self._entries.items():
            if (entry.lingers and not entry.deaths) or entry.deaths >= FATAL:
                self._drop(sequence)
                return True
        return False

    def _drop(self, sequence: int) -> None:
        entry = self._entries.pop(sequence, None)
        if entry is not None and self._map is not None:
            self._map[entry.at * _ENTRY.size : (entry.at + 1) * _ENTRY.size] = bytes(_ENTRY.size)
            self._free.append(entry.at)

    def _tick(self) -> None:
        """The loop runs on: what was in hand for long has done no harm."""
        loop = asyncio.get_running_loop()
        for sequence, entry in list(self._entries.items()):
            if entry.until is not None and entry.until <= loop.time():
                self._drop(sequence)
        in_hand = any(entry.until is not None for entry in self._entries.values())
        self._timer = loop.call_later(_TICK, self._tick) if in_hand else None

    def _write(self, sequence: int, entry: _Entry) -> None:
        assert self._map is not None
        number = sequence.to_bytes(_BITS // 8)
        _ENTRY.pack_into(self._map, entry.at * _ENTRY.size, number, entry.deaths, entry.until is not None)
