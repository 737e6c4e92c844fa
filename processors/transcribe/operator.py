"""Transcribes one session: keeps its audio until the final results of it are published."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

from processors.contract import Closing, Context, Input, Operator
from processors.transcribe.feeder import StopReason
from processors.transcribe.hypotheses import Hypotheses
from processors.transcribe.intake import Intake
from processors.transcribe.progress import QUIET_KEPT, Progress
from processors.transcribe.recogniser import RecogniserEngine, lookahead
from processors.transcribe.recognition import Recognition, RecognitionEvents
from processors.transcribe.standby import Standby, StandbyState
from shared.backoff import backoff
from shared.errors import Fenced, UnsupportedLanguage
from shared.metrics import Metric
from shared.models import FinalResult, Result
from shared.sessions import Session
from shared.streams import StreamName

log = logging.getLogger(__name__)

#: Audio (ms) without words between two writes to the item that it is not needed.
_ADVANCE_INTERVAL = 10_000
#: Seconds of audio behind `heard` that a new take hears again, so that no word is cut in two.
OVERLAP = 0.5
#: Seconds that a recogniser has to open.
_OPEN_TIMEOUT = 30.0


class Transcriber(Operator, RecognitionEvents):
    """Feeds a session's audio to one recogniser after another and publishes what they say.

    A take ends cleanly (every utterance has its final, nothing is fed again), or it drops: then the audio since
    the last final is fed again to the next.
    """

    def __init__(self, context: Context, engine: RecogniserEngine) -> None:
        self._context = context
        self._engine = engine
        self._intake = Intake(context)
        #: Waits where another worker has the session; None once this one may transcribe it.
        self._standby: Standby | None = None
        self._take: int | None = None
        #: Whether that take was opened in advance, so that the next recogniser is its.
        self._take_is_new = False
        #: Where the item's take is compared or raised: finals may be written after the next take has begun.
        self._take_lock = asyncio.Lock()
        self._position = 0
        self._heard = 0
        #: Audio time (ms) up to which audio without words is acked.
        self._silent_until = 0
        self._failures = 0
        #: Whether the last opening went well: of those that fail in a row, the first is logged.
        self._last_open_succeeded = True
        #: The utterances of the newest take that has said anything.
        self._newest_hypotheses: Hypotheses | None = None
        self._work_task: asyncio.Task[None] | None = None
        self._done = asyncio.Event()

    async def start(self) -> None:
        session = await self._context.store.load(self._context.key)
        self._intake.open(session, OVERLAP)
        self._max_hold = self._intake.settings.max_hold
        self._begin(session)
        if self._context.displaced and not self._intake.finished:
            self._intake.on_standby = True
            self._standby = Standby(self._context, self._has_unheard_audio, self._on_heard)
        self._context.spawn(self._work())

    async def process(self, received: Input) -> None:
        await self._intake.process(received)

    async def close(self, closing: Closing) -> None:
        """Over what another worker has not heard yet, an end of the shard is no end."""
        self._intake.close(closing)
        if closing is Closing.SHARD_END:
            if self._standby is None:
                await self._done.wait()
        elif self._take is not None and not self._intake.finished:
            self._context.then(partial(self._context.store.release_take, self._context.key, self._take))

    def _begin(self, session: Session) -> None:
        self._session = session
        self._heard = session.heard
        self._progress = Progress(session.rate, session.heard)

    async def _work(self) -> None:
        self._work_task = asyncio.current_task()
        try:
            if self._standby is not None and not await self._acquire_session(self._standby):
                return
            while await self._intake.has_audio(self._position):
                await self._transcribe()
            await self._finish()
        except Fenced:
            self._context.fence()
        finally:
            self._done.set()

    async def _acquire_session(self, standby: Standby) -> bool:
        """Waits for the session; False where its owner has ended it."""
        session = await standby.wait()
        self._standby = None
        self._intake.on_standby = False
        self._context.regain()
        log.info("transcribe: %s is no longer on standby: %s", self._context.key, standby.state.value)
        if standby.state is StandbyState.ENDED:
            self._intake.ended_elsewhere(session.heard)
            return False
        self._begin(session)
        self._intake.on_item_read(session)
        self._take, self._take_is_new = session.take, True
        self._position = max(0, self._replay_from)
        self._ack_until(self._position)
        return True

    def _has_unheard_audio(self) -> bool:
        return self._intake.session_ended or self._intake.timeline.milliseconds(self._intake.timeline.end) > self._heard

    def _on_heard(self, heard: int) -> None:
        self._heard = heard
        self._ack_until(self._replay_from)

    async def _transcribe(self) -> None:
        """One take, from its opening to its end."""
        # Silence in front of a take, where frames are missing, only delays its first word.
        chunk = self._intake.timeline.received_after(self._position)
        assert chunk is not None
        self._position = max(self._position, chunk.start)
        async with self._take_lock:
            if not self._take_is_new:
                self._take = await self._context.store.open_take(self._context.key, self._take)
            assert self._take is not None
            self._take_is_new = False
        self._context.metrics.count(Metric.TAKES_OPENED)
        try:
            async with asyncio.timeout(_OPEN_TIMEOUT):
                recogniser = await self._engine.open(self._session, self._intake.timeline.milliseconds(self._position))
        except UnsupportedLanguage as error:
            self._intake.refuse_all(str(error))
            return
        except Exception as error:
            reason = f"no recogniser opens: {type(error).__name__}: {error}"
            if self._last_open_succeeded:
                log.warning("transcribe: %s: %s", self._context.key, reason)
            self._last_open_succeeded = False
            await self._retry_later(reason)
            return
        self._last_open_succeeded = True
        self._progress.on_opened()
        origin = self._intake.timeline.milliseconds(self._position)
        hypotheses = Hypotheses(self._context.key, self._take, origin, lookahead(self._engine))
        recognition = Recognition(
            self._context, self._intake, self._engine, recogniser, hypotheses, self._progress, self._position, self
        )
        try:
            failure = await recognition.run()
        finally:
            await recogniser.close()
        if failure is not None:
            await self._dropped(failure, recognition.position)
            return
        self._finish_utterances(recognition.position)
        self._position = recognition.position
        self._ack_until(self._position)
        if not self._intake.complete:
            self._advance_over_silence(self._position)

    async def _dropped(self, failure: object, position: int) -> None:
        self._context.metrics.count(Metric.RECOGNISER_DROPS)
        log.warning("transcribe: take %d of %s dropped: %s", self._take, self._context.key, failure)
        if failure is StopReason.NOISE:
            self._position = position
            return
        if failure is StopReason.STALLED:
            # Its audio is heard again, but not before there is some that goes on with it.
            await self._intake.has_audio(position)
        self._rewind()
        if not isinstance(failure, StopReason):
            await self._retry_later(f"the recogniser dropped: {failure}")

    def on_result(self, result: Result, hypotheses: Hypotheses, position: int) -> None:
        self._newest_hypotheses = hypotheses
        self._publish(result, hypotheses, position)
        if self._progress.on_result(result, self._heard):
            self._failures = 0
            self._intake.on_recovered(position)

    def on_fed(self, hypotheses: Hypotheses, position: int) -> None:
        self._intake.on_fed()
        if hypotheses.open_start is None:
            unneeded = self._progress.unneeded_until(position)
            self._ack_until(unneeded)
            if self._intake.timeline.milliseconds(unneeded) - max(self._heard, self._silent_until) >= _ADVANCE_INTERVAL:
                self._advance_over_silence(unneeded)

    def on_noise(self, position: int) -> None:
        """The recogniser goes on, and its newest words may be on their way."""
        self._finish_utterances(position)
        given_up = self._intake.timeline.milliseconds(position - self._progress.unexplained_from(position))
        log.info("transcribe: %s: %d ms of loud audio have no words", self._context.key, given_up)
        self._context.metrics.count(Metric.AUDIO_GIVEN_UP_AS_NOISE, given_up)
        self._progress.on_given_up(self._heard)
        self._ack_until(position - round(QUIET_KEPT * self._session.rate))

    def _finish_utterances(self, position: int) -> None:
        """Publishes the newest partials of open utterances as finals: the audio up to `position` is not heard again."""
        if self._newest_hypotheses is not None:
            for final in self._newest_hypotheses.finalise_open():
                self._publish(final, self._newest_hypotheses, position)

    def _publish(self, result: Result, hypotheses: Hypotheses, fed: int) -> None:
        self._context.emit(StreamName.TRANSCRIPTS, result)
        if isinstance(result, FinalResult):
            limits = [result.end, self._intake.timeline.milliseconds(fed)]
            if hypotheses.open_start is not None:
                limits.append(hypotheses.open_start)
            self._heard = max(self._heard, min(limits))
            self._context.then(partial(self._advance_heard, self._heard))
            self._ack_until(self._replay_from)

    def _advance_over_silence(self, position: int) -> None:
        """Has the item say up to where audio without words was acked: a standby needs none of it."""
        self._silent_until = self._intake.timeline.milliseconds(position)
        if self._silent_until > self._heard:
            self._context.then(partial(self._advance_heard, self._silent_until))

    async def _advance_heard(self, heard: int) -> None:
        try:
            async with self._take_lock:
                await self._context.store.advance_heard(self._context.key, self._own_take, heard)
        except Fenced:
            self._context.fence()
            if self._work_task is not None:
                self._work_task.cancel()

    async def _end_session(self, heard: int) -> None:
        try:
            await self._context.store.end(self._context.key, self._own_take, heard)
        except Fenced:
            self._context.fence()

    def _ack_until(self, position: int) -> None:
        for chunk in self._intake.timeline.drop_until(position):
            if chunk.source is not None:
                self._context.ack(chunk.source)

    def _rewind(self) -> None:
        """Goes back to the audio whose words are not published."""
        chunks = self._intake.timeline.chunks
        self._position = max(chunks[0].start, self._replay_from) if chunks else self._position

    async def _retry_later(self, reason: str) -> None:
        """Waits before the next try, having given up the audio whose time would be over by then."""
        self._failures += 1
        pause = backoff(self._failures)
        lost = self._intake.overdue_until(self._max_hold - pause)
        if lost:
            self._finish_utterances(lost)
            self._intake.dead_letter_until(reason, lost)
            self._position = max(self._position, lost)
        await asyncio.sleep(pause)

    async def _finish(self) -> None:
        """Nothing more comes on this shard: acks what is left, and passes the session's end on."""
        ending = self._intake.ending
        self._heard = max(self._heard, self._intake.timeline.milliseconds(self._intake.timeline.end))
        if ending is not None and not self._intake.finished:
            # An owner that has lost the session must not end it in front of the words of the one that has it.
            await self._context.store.advance_heard(self._context.key, self._own_take, 0)
            log.info("transcribe: %s ends: %s", self._context.key, ending.reason)
            ended = replace(ending, session=self._context.key, take=self._own_take, proposal=False)
            self._context.emit(StreamName.TRANSCRIPTS, ended)
            self._context.then(partial(self._end_session, self._heard))
        self._ack_until(self._intake.timeline.end)
        self._intake.finish(self._heard)

    @property
    def _own_take(self) -> int:
        """The take that the item has as long as no other worker has opened one."""
        return self._session.take if self._take is None else self._take

    @property
    def _replay_from(self) -> int:
        """Where (in samples) the audio begins that a new take hears again."""
        return self._heard * self._session.rate // 1000 - round(OVERLAP * self._session.rate)
