"""One listener of one session."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from cli.backend import Backend
from cli.listen.show import Show
from shared.backoff import delays
from shared.errors import SessionOver, SessionUnknown, StoreUnavailable, UnsupportedLanguage
from shared.sessions import Session, SessionState
from sinks import AudioChunk, AudioSubscriber, Caption, CaptionSubscriber, Corrected
from sinks.files import SubtitleWriter, WavWriter

#: The longest wait in s between two looks for a session that is not there yet.
_LOOK = 2.0


class Audience:
    """Subscribes first and looks for the session then, so that one created meanwhile is heard from its beginning."""

    def __init__(
        self,
        backend: Backend,
        session: str,
        language: str | None,
        show: Show,
        subtitles: SubtitleWriter | None,
        speech: WavWriter | None,
        *,
        captions: bool,
    ) -> None:
        self._backend = backend
        self._session = session
        self._language = language
        self._show = show
        self._subtitles = subtitles
        self._speech = speech
        self._captions = captions

    async def run(self) -> None:
        """Runs until the session has ended.

        Raises SessionOver where it had ended before, UnsupportedLanguage where it is not translated into this
        language.
        """
        streams = self._backend.streams
        async with AsyncExitStack() as subscribed, asyncio.TaskGroup() as group:
            captions = audio = None
            if self._captions or self._subtitles is not None:
                captions = CaptionSubscriber(streams, self._session, self._language)
                await subscribed.enter_async_context(captions)
            if self._speech is not None and self._language is not None:
                audio = AudioSubscriber(streams, self._session, self._language)
                await subscribed.enter_async_context(audio)
            self._check(await self._found())
            if captions is not None:
                group.create_task(self._read(captions))
            if audio is not None and self._speech is not None:
                group.create_task(self._hear(audio, self._speech))
        self._show.ended(self._session)

    async def _found(self) -> Session:
        """The session, as soon as there is one."""
        told = False
        for wait in delays(most=_LOOK):
            try:
                return await self._backend.store.load(self._session)
            except (SessionUnknown, StoreUnavailable) as missing:
                if not told:
                    self._show.waiting(str(missing))
                told = True
                await asyncio.sleep(wait)
        raise AssertionError("delays never end")

    def _check(self, session: Session) -> None:
        if session.state is SessionState.ENDED:
            raise SessionOver(f"session {session.id} has ended")
        if self._language is not None and self._language not in session.target_languages:
            offered = ", ".join(session.target_languages) or "no language"
            raise UnsupportedLanguage(f"session {session.id}: expected one of {offered}, got {self._language}")
        self._show.joined(session)

    async def _read(self, captions: CaptionSubscriber) -> None:
        async for event in captions:
            if self._captions:
                self._show.show(event)
            if self._subtitles is not None and isinstance(event, Caption):
                self._subtitles.caption(event)
            elif self._subtitles is not None and isinstance(event, Corrected):
                self._subtitles.correct(event)

    async def _hear(self, audio: AudioSubscriber, speech: WavWriter) -> None:
        async for event in audio:
            self._show.show(event)
            if isinstance(event, AudioChunk):
                speech.chunk(event)
