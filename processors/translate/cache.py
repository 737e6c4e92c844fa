"""Translations kept to be used again."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import OrderedDict
from typing import Protocol

from processors.translate.style import PLAIN, Style
from shared.clock import Clock, SystemClock

#: Seconds that a translation is kept.
TTL = 3600.0


def cache_key(text: str, source: str, target: str, engine: str, style: Style = PLAIN) -> str:
    """What the engine of that name keeps a translation under.

    Texts share it that differ in their blanks alone: a sign, a capital or a mask may change what a sentence means.
    """
    same = " ".join(unicodedata.normalize("NFC", text).split())
    key = f"{source}:{target}:{hashlib.sha256(same.encode()).hexdigest()}:{engine}"
    return f"{key}:{style.mark}" if style.mark else key


class TranslationCache(Protocol):
    """Translations by `cache_key`. Neither method raises: a cache that fails finds nothing and keeps nothing."""

    @property
    def size(self) -> int:
        """How many translations this process holds."""

    async def get(self, key: str) -> str | None:
        """The translation; None where it is not kept, or no longer."""

    async def put(self, key: str, text: str) -> None:
        """Keeps a translation."""

    async def close(self) -> None:
        """Lets go of what is under way."""


class MemoryTranslationCache(TranslationCache):
    """A TranslationCache of at most `capacity` entries, each for `ttl` s; the least recently used goes first."""

    def __init__(self, capacity: int, ttl: float = TTL, clock: Clock | None = None) -> None:
        self._capacity = capacity
        self._ttl = round(ttl * 1000)
        self._clock = clock or SystemClock()
        self._entries: OrderedDict[str, tuple[int, str]] = OrderedDict()

    @property
    def size(self) -> int:
        return len(self._entries)

    async def get(self, key: str) -> str | None:
        if key not in self._entries:
            return None
        expires, text = self._entries[key]
        if expires <= self._clock.now():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return text

    async def put(self, key: str, text: str) -> None:
        self._entries[key] = (self._clock.now() + self._ttl, text)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    async def close(self) -> None:
        pass
