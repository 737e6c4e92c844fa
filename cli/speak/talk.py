"""One speaker's turn on a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from cli.outages import Outages
from cli.preflight import check_length
from cli.speak.single_speaker import check_free, check_not_ending, join
from processors.backend import Backend
from producers import AudioProducer
from producers.sources import RecordingSource
from shared.errors import SessionOver
from shared.models import SAMPLE_BYTES
from shared.sessions import Session, SessionState
from shared.settings import Settings
from shared.streams import StreamName


class Talk:
    """Sends a recording to a session; `progress` is told how many seconds are sent."""

    def __init__(
        self, backend: Backend, settings: Settings, recording: RecordingSource, progress: Callable[[float], None]
    ) -> None:
        self._store = backend.store
        self._audio = Outages().watched(backend.streams)[StreamName.AUDIO]
        self._settings = settings
        self._recording = recording
        self._progress = progress
        #: Seconds of audio that were sent so far.
        self.sent = 0.0
        #: The session, once it is joined.
        self.session: Session | None = None
        #: What was lost when it was stopped, a line each.
        self.unsent: tuple[str, ...] = ()

    async def run(self, wanted: Session, joined: Callable[[Session], None], *, same_source: bool, end: bool) -> Session:
        """Sends it all, and ends the session if `end`; returns the session as the store has it.

        The session is created where it is new; with `same_source` one that was there is spoken to in its own
        language, else SessionMismatch is raised for another one. `joined` is told which session it is. Raises
        AnotherSpeaker while someone else speaks there, SettingError where the recording outlasts the longest session,
        and SessionOver where the session has ended, also meanwhile.
        """
        session, new = await join(self._store, wanted, self._check_length)
        if session.state is SessionState.OPEN:
            if not new:
                await asyncio.gather(check_free(self._audio, session.id), check_not_ending(self._audio, session))
            joined(session)
        if not same_source:
            session = replace(session, source_language=wanted.source_language)
        self._recording.rate = session.rate
        # What was there before has its own clock: nothing says how much of its timeline was spoken on.
        producer = AudioProducer(self._audio, self._store, session, live=not new)
        try:
            async with producer:
                self.session = producer.session
                await self._send(producer, end=end)
        except asyncio.CancelledError as stopped:
            self.unsent = tuple(getattr(stopped, "__notes__", ()))
            raise
        return producer.session

    def _check_length(self, session: Session) -> None:
        if session.state is SessionState.OPEN:
            check_length(self._recording, self._settings.tolerate(session.settings), session.heard / 1000)

    async def _counted(self) -> AsyncIterator[bytes]:
        async for pcm in self._recording:
            yield pcm
            self.sent += len(pcm) / SAMPLE_BYTES / self._recording.rate
            self._progress(self.sent)

    async def _send(self, producer: AudioProducer, *, end: bool) -> None:
        try:
            await producer.stream(self._counted())
            await producer.close(end=end)
        except SessionOver:
            raise SessionOver(
                f"session {producer.session.id} was ended while this was sent; what came after that is not heard"
            ) from None
