"""One speaker's turn on a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

from cli.backend import Backend
from cli.outages import Outages
from cli.speak.floor import check_free, join
from producers import AudioProducer
from producers.sources.wav import WavSource
from shared.errors import SessionOver
from shared.models import SAMPLE_BYTES
from shared.sessions import Session, SessionState
from shared.streams import StreamName


class Talk:
    """Sends a WAV file to a session; `progress` is told how many seconds are sent."""

    def __init__(self, backend: Backend, file: Path, progress: Callable[[float], None]) -> None:
        self._store = backend.store
        self._audio = Outages().watched(backend.streams)[StreamName.AUDIO]
        self._file = file
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
        FloorTaken while someone else speaks there, and SessionOver where the session has ended, also meanwhile.
        """
        session, new = await join(self._store, wanted)
        if session.state is SessionState.OPEN:
            if not new:
                await check_free(self._audio, session.id)
            joined(session)
        if not same_source:
            session = replace(session, source_language=wanted.source_language)
        wav = WavSource(self._file, rate=session.rate)
        # What was there before has its own clock: nothing says how much of its time line was spoken on.
        producer = AudioProducer(self._audio, self._store, session, live=not new)
        try:
            async with producer:
                self.session = producer.session
                await self._send(producer, wav, end=end)
        except asyncio.CancelledError as stopped:
            self.unsent = tuple(getattr(stopped, "__notes__", ()))
            raise
        return producer.session

    async def _counted(self, wav: WavSource) -> AsyncIterator[bytes]:
        async for pcm in wav:
            yield pcm
            self.sent += len(pcm) / SAMPLE_BYTES / wav.rate
            self._progress(self.sent)

    async def _send(self, producer: AudioProducer, wav: WavSource, *, end: bool) -> None:
        try:
            await producer.stream(self._counted(wav))
            await producer.close(end=end)
        except SessionOver:
            raise SessionOver(
                f"session {producer.session.id} was ended while this was sent; what came after that is not heard"
            ) from None
