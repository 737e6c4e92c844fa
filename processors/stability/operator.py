"""Decides, for one session, what is said for good."""

from __future__ import annotations

import asyncio
import logging

from processors.contract import Closing, Context, Input, Operator
from processors.stability.claims import Claims
from processors.stability.correction import corrections
from processors.stability.session_settings import SessionSettings
from processors.stability.timer import Timer
from processors.stability.utterance import Extent, Utterance
from processors.stability.window import RateWindow
from shared.errors import StoreUnavailable
from shared.metrics import Metric
from shared.models import FinalResult, PartialResult, Result, SessionEnded, Silence
from shared.result_order import Place, ResultOrder
from shared.streams import StreamName

log = logging.getLogger(__name__)

#: Seconds by which a timer may fire early.
_TIMER_TOLERANCE = 0.001
#: Seconds after which a decision that the store did not take, or for which it was too early, is tried again.
_RETRY = 1.0


class Stabiliser(Operator):
    """Turns results into segments.

    Time is audio time: a pause is what a silence tells of, or a gap between the words of two results, so that a
    backlog is decided on as live speech is, and an outage is no pause. The loop's clock closes the rate window, and
    gives up an utterance of which nothing at all came for too long. Inputs and timers are dealt with one at a time.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._claims = Claims(context)
        self._settings = SessionSettings(context)
        self._order = ResultOrder()
        self._window = RateWindow()
        self._utterance: Utterance | None = None
        #: Whether words may have been committed that this operator has not seen in this take.
        self._inherits = True
        #: Loop time (s) before which it is not decided again whether to give the utterance up.
        self._retry_at = 0.0
        self._lock = asyncio.Lock()
        self._timer = Timer(self._deadline, self._fire)

    async def start(self) -> None:
        self._settings.apply(await self._claims.load())
        self._context.spawn(self._timer.run())

    async def process(self, received: Input) -> None:
        record = received.record
        async with self._lock:
            if isinstance(record, Result):
                await self._on_result(received, record)
            elif isinstance(record, Silence):
                # One that is lost does no harm: the next says more.
                self._context.ack(received)
                await self._on_silence(record)
            elif isinstance(record, SessionEnded):
                await self._on_end(received, record)
            else:
                self._context.dead_letter(
                    f"expected a result, a silence or a session's end, got {type(record).__name__}", received
                )
                self._context.ack(received)
        self._timer.reschedule()

    async def close(self, closing: Closing) -> None:
        async with self._lock:
            if closing is Closing.SHARD_END:
                self._drop()
            self._utterance = None

    async def _on_result(self, received: Input, result: Result) -> None:
        if self._settings.is_stale:
            await self._settings.refresh()
        if isinstance(result, PartialResult):
            self._context.metrics.count(Metric.PARTIAL_RESULTS_RECEIVED)
        place = self._order.place(result)
        if place in (Place.STALE, Place.REPEATED):
            self._ignore(received, result, place)
            return
        if place is Place.NEW_TAKE:
            self._drop()
            self._inherits = True
            self._window = RateWindow()
        else:
            await self._catch_up(result)
        if self._utterance is None:
            self._utterance = Utterance(result.utterance, self._claims.numerals(result), inherits=self._inherits)
        utterance = self._utterance
        if (before := utterance.add_result(received, result, asyncio.get_running_loop().time())) is not None:
            self._context.ack(before)
        if utterance.pending:
            self._context.metrics.count(Metric.PARTIAL_RESULTS_SUPERSEDED)
            utterance.pending = False
        if isinstance(result, FinalResult):
            await self._finish(utterance, result)
        elif not self._settings.current.partial_results_enabled or self._window.admit(
            utterance.decoded_until, self._settings.current.max_rate_per_second
        ):
            await self._process(utterance)
        else:
            utterance.pending = True

    def _ignore(self, received: Input, result: Result, place: Place) -> None:
        if place is Place.REPEATED:
            self._context.metrics.count(Metric.REPLAYED_RECORDS, stage="stability")
        elif isinstance(result, PartialResult):
            self._context.metrics.count(Metric.PARTIAL_RESULTS_DROPPED)
        self._context.ack(received)

    async def _catch_up(self, result: Result) -> None:
        """Decides what was due before a result of this take came."""
        utterance = self._utterance
        if utterance is None:
            return
        if utterance.pending and result.position >= self._window.end:
            await self._close_window(utterance)
        if result.utterance != utterance.number:
            # A recogniser that goes on to the next utterance owes this one no final.
            await self._flush_orphan(utterance)
            self._utterance = None
        elif not utterance.paused and utterance.pauses_before(result, self._settings.current.pause_threshold):
            await self._pause(utterance)

    async def _on_silence(self, silence: Silence) -> None:
        """Decides what is due where the recogniser says nothing new of the open utterance."""
        utterance = self._utterance
        if utterance is None or (silence.take, silence.utterance) != (utterance.newest.take, utterance.number):
            return
        if utterance.pending and silence.position >= self._window.end:
            # Decided on by what was known then, as where the loop's clock closes it.
            await self._close_window(utterance)
        if not utterance.add_silence(silence.position, asyncio.get_running_loop().time()) or utterance.held is None:
            return
        settings = self._settings.current
        if not utterance.pending:
            await self._decide(utterance, Extent.BOUNDARY)
        if utterance.silence >= settings.pause_threshold and not utterance.paused:
            await self._pause(utterance)
        if utterance.silence >= settings.orphan_timeout:
            await self._flush_orphan(utterance)

    async def _process(self, utterance: Utterance) -> None:
        """Reads the newest partial result and commits up to a boundary."""
        self._read(utterance)
        await self._decide(utterance, Extent.BOUNDARY)
        self._processed(utterance)

    async def _close_window(self, utterance: Utterance) -> None:
        await self._process(utterance)
        self._window.open_next(self._settings.current.max_rate_per_second)

    async def _pause(self, utterance: Utterance) -> None:
        if utterance.pending:
            await self._close_window(utterance)
        await self._decide(utterance, Extent.STABLE)
        utterance.paused = True

    async def _flush_orphan(self, utterance: Utterance) -> None:
        if utterance.held is not None:
            await self._flush(utterance)
            self._context.metrics.count(Metric.ORPHANED_RESULTS_FLUSHED)

    async def _flush(self, utterance: Utterance) -> None:
        """Commits everything that was heard."""
        if utterance.pending:
            self._read(utterance)
        await self._decide(utterance, Extent.EVERYTHING)
        if utterance.pending:
            self._processed(utterance)

    async def _finish(self, utterance: Utterance, final: FinalResult) -> None:
        self._read(utterance)
        restated = utterance.restated(self._claims.frontier)
        corrected = list(corrections(final, utterance.segments, restated, self._claims.numerals(final)))
        if corrected:
            self._context.metrics.count(Metric.RESULTS_CONTRADICTED)
        for correction in corrected:
            self._context.emit(StreamName.SEGMENTS, correction)
        await self._decide(utterance, Extent.EVERYTHING)
        if utterance.inherits and utterance.reaches(self._claims.tail):
            self._inherits = False
        self._utterance = None

    async def _on_end(self, received: Input, record: SessionEnded) -> None:
        if record.take is not None and record.take < (await self._context.store.load(self._context.key)).take:
            # From a worker that lost the session: its successor goes on.
            self._context.metrics.count(Metric.STALE_ENDS)
            self._context.ack(received)
            return
        self._order.end(record.take or 0)
        if self._utterance is not None:
            await self._flush(self._utterance)
            self._utterance = None
        # An end may come early, before another worker acquires the session: what follows may repeat what is committed.
        self._inherits = True
        self._context.emit(StreamName.SEGMENTS, record)
        self._context.ack(received)

    def _read(self, utterance: Utterance) -> None:
        counted = utterance.at_seam
        utterance.read(self._claims.tail, self._claims.frontier)
        if utterance.at_seam and not counted:
            self._context.metrics.count(Metric.SEAMS)

    async def _decide(self, utterance: Utterance, extent: Extent) -> None:
        """Commits as much as `extent` says, and acks the input where nothing is left of it."""
        settings = self._settings.current
        if extent is Extent.EVERYTHING or settings.partial_results_enabled:
            while (target := utterance.target(extent, settings)) > utterance.reading.committed:
                items = utterance.reading.items(utterance.reading.committed, target)
                claimed = await self._claims.claim(items, utterance.newest)
                if claimed is not None:
                    utterance.commit(target, claimed)
                    self._inherits = False
                    break
                self._inherits = True
                utterance.forget_committed()
                self._read(utterance)
        if not utterance.uncommitted and utterance.held is not None:
            self._context.ack(utterance.held)
            utterance.held = None
        self._context.metrics.gauge(Metric.BUFFERED_SPEECH, utterance.buffered)

    def _processed(self, utterance: Utterance) -> None:
        utterance.pending = False
        took = asyncio.get_running_loop().time() - utterance.received_at
        self._context.metrics.observe(Metric.PARTIAL_RESULT_PROCESSING_LATENCY, took * 1000)

    def _drop(self) -> None:
        """Gives up the open utterance: its words are heard again."""
        utterance = self._utterance
        if utterance is not None and utterance.held is not None:
            if utterance.pending:
                self._context.metrics.count(Metric.PARTIAL_RESULTS_DROPPED)
            self._context.ack(utterance.held)
        self._utterance = None

    def _deadline(self) -> float | None:
        """Loop time (s) at which there is something to decide even if nothing comes."""
        utterance = self._utterance
        if utterance is None or utterance.held is None:
            return None
        deadline = max(self._given_up_at(utterance), self._retry_at)
        return min(deadline, self._window_closes(utterance)) if utterance.pending else deadline

    def _window_closes(self, utterance: Utterance) -> float:
        return utterance.received_at + (self._window.end - utterance.result_until) / 1000

    def _given_up_at(self, utterance: Utterance) -> float:
        return utterance.evidence_at + self._settings.current.max_hold

    async def _fire(self) -> None:
        try:
            async with self._lock:
                await self._on_timer(asyncio.get_running_loop().time() + _TIMER_TOLERANCE)
        except StoreUnavailable as error:
            log.warning("stability: %s waits for its store: %s", self._context.key, error)
            await asyncio.sleep(_RETRY)

    async def _on_timer(self, now: float) -> None:
        utterance = self._utterance
        if utterance is None or utterance.held is None:
            return
        if utterance.pending and now >= self._window_closes(utterance):
            await self._close_window(utterance)
        elif now >= (given_up_at := self._given_up_at(utterance)):
            if now > max(given_up_at, self._retry_at) + _RETRY:
                # It fires late: this process stood still, or its store did, and others may have.
                utterance.evidence_at = now
            # What is not read yet may be about it.
            elif (tip := self._context.tip) is not None and tip + _TIMER_TOLERANCE >= given_up_at:
                await self._give_up(utterance)
            else:
                self._retry_at = now + _RETRY

    async def _give_up(self, utterance: Utterance) -> None:
        """Commits what is stable; what is not will be heard again, if it is said of anywhere."""
        if utterance.pending:
            await self._close_window(utterance)
        await self._decide(utterance, Extent.LAST)
        self._drop()
        self._inherits = True
