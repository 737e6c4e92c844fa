"""Translations kept in the DynamoDB table CachedTranslations, behind those in memory."""

from __future__ import annotations

import asyncio

from processors.translate.cache import TTL, TranslationCache
from shared.aws import Aws
from shared.aws.background_calls import BackgroundCalls
from shared.aws.circuit_breaker import CircuitBreaker
from shared.aws.table import Table
from shared.aws.tables import CACHED_TRANSLATIONS, EXPIRES_AT
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable

#: Seconds that a translation waits for its turn, and then for the table: an engine takes little longer.
_TIMEOUT = 0.2
#: Lookups, and writes, that may be under way at once.
_CONCURRENCY = 8
#: Seconds that closing waits for writes.
_CLOSE_TIMEOUT = 2.0


class DynamoDbTranslationCache(TranslationCache):
    """A TranslationCache that all workers share; `memory` is this process's part of it.

    A translation found in the table is kept in memory for as long as one made just now. Writes go on in the
    background; one that finds too many under way is left out.
    """

    def __init__(self, memory: TranslationCache, aws: Aws, prefix: str = "", *, clock: Clock | None = None) -> None:
        self._memory = memory
        self._table = Table(aws.client("dynamodb", StoreUnavailable), prefix + CACHED_TRANSLATIONS.name)
        self._clock = clock or SystemClock()
        self._reads = _Operations("read", self._clock)
        self._writes = _Operations("written", self._clock)

    @property
    def size(self) -> int:
        return self._memory.size

    async def get(self, key: str) -> str | None:
        kept = await self._memory.get(key)
        if kept is not None or self._reads.breaker.is_open:
            return kept
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._reads.calls.slots.acquire()
        except TimeoutError:
            # Many look up at once: that is no fault of the table.
            return None
        try:
            async with asyncio.timeout(_TIMEOUT):
                kept = await asyncio.shield(self._reads.calls.start_in_slot(self._look_up(key)))
        except TimeoutError:
            self._reads.breaker.record_failure(f"no answer within {_TIMEOUT} s")
            return None
        except Exception as error:
            self._reads.breaker.record_failure(error)
            return None
        self._reads.breaker.record_success()
        return kept

    async def put(self, key: str, text: str) -> None:
        await self._memory.put(key, text)
        writes = self._writes.calls
        if not self._writes.breaker.is_open and not writes.slots.locked():
            await writes.slots.acquire()
            writes.start_in_slot(self._write(key, text))

    async def close(self) -> None:
        """Waits 2 s at most."""
        await asyncio.gather(self._reads.calls.close(_CLOSE_TIMEOUT), self._writes.calls.close(_CLOSE_TIMEOUT))

    async def _look_up(self, key: str) -> str | None:
        item = await self._table.get({CACHED_TRANSLATIONS.key: key}, consistent=False)
        # DynamoDB deletes hours after an item's time.
        if item is None or item[EXPIRES_AT] <= self._clock.now() // 1000:
            return None
        text = str(item["text"])
        await self._memory.put(key, text)
        return text

    async def _write(self, key: str, text: str) -> None:
        expires_at = self._clock.now() // 1000 + round(TTL)
        try:
            await self._table.put({CACHED_TRANSLATIONS.key: key, "text": text, EXPIRES_AT: expires_at})
        except Exception as error:
            self._writes.breaker.record_failure(error)
        else:
            self._writes.breaker.record_success()


class _Operations:
    """The table's reads or its writes: those under way, and whether they work."""

    def __init__(self, done: str, clock: Clock) -> None:
        self.calls = BackgroundCalls(_CONCURRENCY)
        self.breaker = CircuitBreaker(f"translate: kept translations cannot be {done}", clock)
