"""Speaks one language of one session."""

from __future__ import annotations

import asyncio

from processors.contract import Closing, Context, Input, Operator
from processors.engines.retry import HeldInput, RetriesExhausted, RetryPolicy
from processors.synthesize.attempt_numbers import AttemptNumbers
from processors.synthesize.clip_publisher import ClipPublisher
from processors.synthesize.lag import SpeechTimeline
from processors.synthesize.synthesizer import Synthesizer
from shared.backoff import delays
from shared.errors import StoreUnavailable
from shared.metrics import Metric
from shared.models import SessionEnded, Status, Translation, TranslationCorrection
from shared.settings import Settings
from shared.streams import StreamName

#: Seconds for which speech waits for the session's item, and the most between two tries to reach it later.
_LOAD_TIMEOUT, _MAX_BACKOFF = 3.0, 30.0


class Speaker(Operator):
    """Emits each translation's clip chunk by chunk, or one chunk that says why there is none, in order."""

    def __init__(self, context: Context, engine: Synthesizer) -> None:
        self._context = context
        self._engine = engine
        self._session, _, self._language = context.key.partition("/")
        self._queue: asyncio.Queue[tuple[HeldInput, Translation | SessionEnded]] = asyncio.Queue()
        self._last = 0
        self._attempts = AttemptNumbers()
        self._timeline = SpeechTimeline()

    async def start(self) -> None:
        """Where the store is down, speech goes on without the session's own settings."""
        self._apply(self._context.settings)
        if not await self._load_item():
            self._context.spawn(self._load_item_later())
        self._context.spawn(self._work())

    async def process(self, received: Input) -> None:
        record = received.record
        if isinstance(record, TranslationCorrection):
            # Captions are corrected; what was spoken stands.
            self._context.ack(received)
            return
        if not isinstance(record, Translation | SessionEnded):
            raise TypeError(f"expected a Translation or SessionEnded, got {type(record).__name__}")
        if isinstance(record, Translation):
            if record.number <= self._last:
                self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="synthesize")
                self._context.ack(received)
                return
            self._last = record.number
        self._queue.put_nowait((HeldInput(received, asyncio.get_running_loop().time()), record))

    async def close(self, closing: Closing) -> None:
        if closing is Closing.SHARD_END:
            await self._queue.join()

    async def _load_item(self) -> bool:
        """Asks the session's item what it knows; False where it cannot be reached for now. Raises SessionUnknown."""
        store = self._context.store
        try:
            async with asyncio.timeout(_LOAD_TIMEOUT):
                self._attempts.set_epoch(await store.raise_epoch(self._session))
                item = await store.load(self._session)
        except (StoreUnavailable, TimeoutError):
            return False
        self._apply(self._context.settings.tolerate(item.settings))
        return True

    async def _load_item_later(self) -> None:
        for wait in delays(most=_MAX_BACKOFF):
            await asyncio.sleep(wait)
            if await self._load_item():
                break

    def _apply(self, settings: Settings) -> None:
        self._timeline.max_lag = round(settings.speech_max_lag * 1000)
        self._retry_policy = RetryPolicy(self._context, "synthesize", self._language, settings.max_hold)

    async def _work(self) -> None:
        while True:
            held, record = await self._queue.get()
            if isinstance(record, SessionEnded):
                self._context.emit(StreamName.SPEECH, record)
            else:
                await self._publish(held, record)
            self._context.ack(held.received)
            self._queue.task_done()

    async def _publish(self, held: HeldInput, translation: Translation) -> None:
        clip = ClipPublisher(self._context, translation, self._engine)
        status = await self._speak(held, translation, clip)
        if status is not Status.OK:
            clip.publish_empty(self._attempts.next(), status)

    async def _speak(self, held: HeldInput, translation: Translation, clip: ClipPublisher) -> Status:
        """Emits the clip; a status other than ok says why it did not, or not all of it."""
        if translation.status is not Status.OK:
            return translation.status
        if not translation.text.strip():
            return Status.SKIPPED
        placement = self._timeline.place(translation.end)
        self._context.metrics.observe(Metric.SPEECH_LAG, placement.lag, language=self._language)
        if placement.late:
            self._context.metrics.count(Metric.SPEECH_SKIPPED, language=self._language)
            return Status.SKIPPED
        try:
            length = await self._retry_policy.call(held, lambda: clip.publish(self._attempts.next(), placement.tempo))
        except RetriesExhausted:
            return Status.FAILED
        self._timeline.spoken(placement, length)
        return Status.OK
