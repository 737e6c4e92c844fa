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
#: A place of the file: a sequence number, deaths so far, and whether the record is in hand.
_PLACE = struct.Struct(">32sBB")
_PLACES = 64
_BITS = 256
#: Seconds that a record is in hand at most while the event loop runs: an operator that waits is killed by others.
_LONGEST = 5.0
#: Seconds for which a record is in hand behind its operator's taking it: what that has begun may kill too.
_LINGER = 0.5
#: Seconds that a suspect waits until nothing else is in hand, and that what comes behind it waits.
_ALONE = 10.0
_TICK = 0.25


def crash_folder(streams: str) -> Path:
    """This user's folder of such files on this machine, for these streams; it outlives processes."""
    return Path(tempfile.gettempdir()) / f"llt-crashes-{os.getuid()}-{sha256(streams.encode()).hexdigest()[:12]}"


@dataclass(slots=True, eq=False)
class _Place:
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
        self._places: dict[int, _Place] = {}
        self._free = list(range(_PLACES))
        self._timer: asyncio.TimerHandle | None = None
        if file is not None:
            os.ftruncate(file, _PLACE.size * _PLACES)
            self._map = mmap.mmap(file, _PLACE.size * _PLACES)
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
        place = self._places.get(sequence)
        return place is not None and place.deaths == FATAL - 1

    def fatal(self, sequence: int) -> bool:
        """Whether FATAL processes in a row died that had the record in hand."""
        place = self._places.get(sequence)
        return place is not None and place.deaths >= FATAL

    def take(self, sequence: int) -> None:
        """The record is in hand."""
        if self._map is None or sequence.bit_length() > _BITS:
            return
        place = self._places.get(sequence)
        if place is None:
            if not self._free and not self._forget_one():
                return
            place = self._places[sequence] = _Place(self._free.pop())
        place.lingers = False
        self._hold(sequence, place, _LONGEST)

    def taken(self, sequence: int) -> None:
        """What takes the record has come back; what that has begun may still go on."""
        place = self._places.get(sequence)
        if place is not None and place.until is not None:
            place.lingers = True
            self._hold(sequence, place, _LINGER)

    def released(self, sequence: int) -> None:
        """The record is done with; one that is fatal is kept, since it comes again until that is checkpointed."""
        if not self.fatal(sequence):
            self._drop(sequence)

    async def alone(self) -> None:
        """Returns once no record is in hand, or nobody waits for that any longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALONE):
                while any(place.until is not None for place in self._places.values()):  # noqa: ASYNC110
                    await asyncio.sleep(_TICK)

    def close(self) -> None:
        """The process gives the shard up in good order: what is in hand has done it no harm."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._map is None or self._file is None:
            return
        for sequence, place in list(self._places.items()):
            if place.until is not None:
                self._drop(sequence)
        self._map.close()
        self._map = None
        os.close(self._file)

    def _read(self) -> None:
        assert self._map is not None
        for at in range(_PLACES):
            number, deaths, in_hand = _PLACE.unpack_from(self._map, at * _PLACE.size)
            if not deaths + in_hand:
                continue
            self._free.remove(at)
            sequence = int.from_bytes(number)
            place = self._places[sequence] = _Place(at, min(FATAL, deaths + in_hand))
            self._write(sequence, place)
            if in_hand:
                log.error("a process died with record %d in hand, time %d of %d", sequence, place.deaths, FATAL)

    def _hold(self, sequence: int, place: _Place, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        new = place.until is None
        place.until = loop.time() + seconds
        if new:
            self._write(sequence, place)
        if self._timer is None:
            self._timer = loop.call_later(_TICK, self._tick)

    def _forget_one(self) -> bool:
        """Makes room for what is taken now; False where everything is being taken, or suspected."""
        for sequence, place in self._places.items():
            if (place.lingers and not place.deaths) or place.deaths >= FATAL:
                self._drop(sequence)
                return True
        return False

    def _drop(self, sequence: int) -> None:
        place = self._places.pop(sequence, None)
        if place is not None and self._map is not None:
            self._map[place.at * _PLACE.size : (place.at + 1) * _PLACE.size] = bytes(_PLACE.size)
            self._free.append(place.at)

    def _tick(self) -> None:
        """The loop runs on: what was in hand for long has done no harm."""
        loop = asyncio.get_running_loop()
        for sequence, place in list(self._places.items()):
            if place.until is not None and place.until <= loop.time():
                self._drop(sequence)
        in_hand = any(place.until is not None for place in self._places.values())
        self._timer = loop.call_later(_TICK, self._tick) if in_hand else None

    def _write(self, sequence: int, place: _Place) -> None:
        assert self._map is not None
        number = sequence.to_bytes(_BITS // 8)
        _PLACE.pack_into(self._map, place.at * _PLACE.size, number, place.deaths, place.until is not None)
