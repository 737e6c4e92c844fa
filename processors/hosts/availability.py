"""Whether a stream or the session store answers anybody."""

from __future__ import annotations

import asyncio

#: Seconds for which every attempt has failed before nothing is taken to be answered.
_DOWN_AFTER = 10.0
#: Seconds for which a key that was answered speaks against that until it is refused itself: it may just be quiet.
_REMEMBERED = 60.0
#: Keys that must be refused: fewer hold so little that reading on costs nothing, and may all lie on one shard.
_WITNESSES = 8
#: Keys that are remembered before those answered long ago are forgotten.
_MAX_KEYS = 10_000


class Availability:
    """Follows the attempts at one stream or store, by key."""

    __slots__ = ("_answered", "_refused", "_since")

    def __init__(self) -> None:
        #: Key -> loop time (s) of its last answer.
        self._answered: dict[str, float] = {}
        #: The keys refused since the last answer, and the loop time (s) of the first of those refusals.
        self._refused: set[str] = set()
        self._since: float | None = None

    @property
    def is_down(self) -> bool:
        """Whether every attempt has failed for 10 s, of every key that was answered shortly before too."""
        if self._since is None or len(self._refused) < _WITNESSES:
            return False
        if asyncio.get_running_loop().time() - self._since < _DOWN_AFTER:
            return False
        oldest = self._since - _REMEMBERED
        return not any(at > oldest and key not in self._refused for key, at in self._answered.items())

    def answered(self, key: str) -> None:
        """An attempt for the key succeeded."""
        now = asyncio.get_running_loop().time()
        self._answered[key] = now
        if self._since is not None:
            self._since = None
            self._refused.clear()
        if len(self._answered) > _MAX_KEYS:
            self._answered = {known: at for known, at in self._answered.items() if at > now - _REMEMBERED}

    def refused(self, key: str) -> None:
        """An attempt for the key failed."""
        self._refused.add(key)
        if self._since is None:
            self._since = asyncio.get_running_loop().time()
