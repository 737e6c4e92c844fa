"""The dead letters on a pipeline's stream, and what they are called."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.aws import Aws
from shared.codec import decode
from shared.errors import CodecError, LowLatencyTranslateError
from shared.models import DeadLetter
from shared.settings import Settings
from shared.streams import OLDEST, Item, Start, StreamName
from shared.streams.kinesis.retained import read_retained

#: Bytes of the hash that names a letter: two characters each.
_ID = 10


class LetterUnknown(LowLatencyTranslateError):
    """No dead letter, or more than one, is called so, or it has not what was asked for."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, its place on the stream, and the epoch ms at which it arrived there."""

    record: DeadLetter
    shard: str
    sequence: str
    published_at: int

    @property
    def id(self) -> str:
        """20 hexadecimal characters that depend on its place alone."""
        return hashlib.blake2b(f"{self.shard}/{self.sequence}".encode(), digest_size=_ID).hexdigest()

    def is_called(self, name: str) -> bool:
        """Whether `name` is its sequence number, or a beginning of its id."""
        return name == self.sequence or self.id.startswith(name.lower())


class DeadLetters:
    """Everything on the stream dead-letters; `unreadable` counts the records read there that are no dead letters."""

    def __init__(self, settings: Settings) -> None:
        self.unreadable = 0
        self._aws = Aws()
        self._stream = f"{settings.stream_prefix}-{StreamName.DEAD_LETTERS}"

    async def read(self, start: Start = OLDEST) -> AsyncIterator[Letter]:
        """Each letter from `start` to the tip; raises what `read_retained` does."""
        async for shard, item in read_retained(self._aws, self._stream, start):
            record = _letter(item)
            if record is None:
                self.unreadable += 1
            else:
                yield Letter(record, shard, str(item.sequence), item.arrived_at)

    async def find(self, name: str) -> Letter:
        """The one letter that is called so; raises LetterUnknown."""
        found: list[Letter] = []
        others = 0
        async for letter in self.read():
            if letter.is_called(name):
                # Of many, no more are kept than the error names: a letter is up to half a megabyte.
                if len(found) < 2:
                    found.append(letter)
                else:
                    others += 1
        if not found:
            raise LetterUnknown(f"no dead letter is called {name}; `llt dead-letters list` names those that there are")
        if len(found) > 1:
            named = ", ".join(letter.id for letter in found) + (f" and {others} more" if others else "")
            raise LetterUnknown(f"{name} may be {named}; give more of the id")
        return found[0]


def _letter(item: Item) -> DeadLetter | None:
    try:
        record = decode(item.data)
    except CodecError:
        return None
    return record if isinstance(record, DeadLetter) else None
