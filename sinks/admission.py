"""Whether there is something to hear: what a session's item says to one that joins."""

from __future__ import annotations

import asyncio

from shared.backoff import delays
from shared.errors import SessionOver, StoreUnavailable, UnsupportedLanguage
from shared.sessions import Session, SessionState, SessionStore


class Admission:
    """Checks the session in the store, once its subscriber has taken its place on the streams.

    One that resumes may do so behind the session's end: what it has not had may still be there.
    """

    def __init__(self, store: SessionStore, session: str, language: str | None, *, resumes: bool) -> None:
        self._store = store
        self._session = session
        self._language = language
        self._resumes = resumes

    async def check(self) -> Session:
        """The session as its item says; an unavailable store is waited out.

        Raises SessionUnknown, UnsupportedLanguage where it is not translated into the language, and SessionOver.
        """
        session = await self._load()
        if self._language is not None:
            _check(session, self._language)
        if session.state is SessionState.ENDED and not self._resumes:
            raise SessionOver(f"session {session.id} has ended, and its captions and speech can be had no more")
        return session

    async def _load(self) -> Session:
        waits = delays()
        while True:
            try:
                return await self._store.load(self._session)
            except StoreUnavailable:
                await asyncio.sleep(next(waits))


def _check(session: Session, language: str) -> None:
    if language in session.target_languages:
        return
    if language == session.source_language:
        raise UnsupportedLanguage(
            f"session {session.id}: {language} is what is spoken; its captions are had without a language"
        )
    offered = ", ".join(session.target_languages) or "no language"
    raise UnsupportedLanguage(f"session {session.id}: expected one of {offered}, got {language}")
