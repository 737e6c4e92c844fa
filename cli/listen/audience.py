"""One listener of one session."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from cli.backend import Backend
from cli.listen.files import Files
from cli.listen.show import Show
from cli.outages import Outages
from shared.backoff import delays
from shared.errors import SessionOver, SessionUnknown, StoreUnavailable, UnsupportedLanguage
from shared.sessions import Session, SessionState
from sinks import AudioSubscriber, CaptionSubscriber

#: The longest wait in s between two looks for a session that is not there yet.
_LOOK = 2.0


class Audience:
    """Follows a session that is there, or that will be: one created meanwhile is heard from its beginning."""

    def __init__(
        self, backend: Backend, session: str, language: str | None, show: Show, files: Files, *, captions: bool
    ) -> None:
        self._outages = Outages()
        self._streams = self._outages.watched(backend.streams)
        self._store = backend.store
        self._session = session
        self._language = language
        self._show = show
        self._files = files
        self._captions = captions

    async def run(self) -> None:
        """Runs until the session has ended.

        Raises SessionOver where it had ended before, UnsupportedLanguage where it is not translated into this
        language.
        """
        to_come = await self._is_to_come()
        async with AsyncExitStack() as subscribed, asyncio.TaskGroup() as group:
            captions = audio = None
            if self._captions or self._files.captions:
                captions = CaptionSubscriber(self._streams, self._session, self._language)
                await subscribed.enter_async_context(captions)
            if self._files.speech and self._language is not None:
                audio = AudioSubscriber(self._streams, self._session, self._language)
                await subscribed.enter_async_context(audio)
            # Only now, since nothing may be missed of one that is created and ends between two looks.
            session = await self._found()
            self._check(session, may_have_ended=to_come)
            self._show.joined(session)
            if captions is not None:
                group.create_task(self._read(captions))
            if audio is not None:
                group.create_task(self._hear(audio))
        self._show.ended(self._session)

    async def _is_to_come(self) -> bool:
        """Whether the session is not there yet; one that is there is checked before anything is read."""
        try:
            with self._outages.told():
                self._check(await self._store.load(self._session), may_have_ended=False)
        except SessionUnknown:
            return True
        except StoreUnavailable:
            # Whether it is there will be seen once there is an answer.
            return False
        return False

    async def _found(self) -> Session:
        """The session, as soon as there is one."""
        told = False
        for wait in delays(most=_LOOK):
            try:
                with self._outages.told():
                    return await self._store.load(self._session)
            except SessionUnknown:
                if not told:
                    self._show.waiting(f"there is no session {self._session} yet")
                told = True
            except StoreUnavailable:
                pass
            await asyncio.sleep(wait)
        raise AssertionError("delays never end")

    def _check(self, session: Session, *, may_have_ended: bool) -> None:
        if session.state is SessionState.ENDED and not may_have_ended:
            kept = "".join(f"; {path} stays as it is" for path in self._files.asked if path.exists())
            raise SessionOver(
                f"session {session.id} has ended, and its captions and speech can be had no more, except in the files "
                f"that a listener wrote while it lasted (--vtt, --audio){kept}"
            )
        if self._language == session.source_language and self._language not in session.target_languages:
            raise UnsupportedLanguage(
                f"session {session.id}: {self._language} is what is spoken; leave --language out for its captions"
            )
        if self._language is not None and self._language not in session.target_languages:
            offered = ", ".join(session.target_languages) or "no language"
            raise UnsupportedLanguage(f"session {session.id}: expected one of {offered}, got {self._language}")

    async def _read(self, captions: CaptionSubscriber) -> None:
        async for event in captions:
            if self._captions:
                self._show.show(event)
            self._files.write(event)

    async def _hear(self, audio: AudioSubscriber) -> None:
        async for event in audio:
            self._show.show(event)
            self._files.write(event)
