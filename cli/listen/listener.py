"""One listener of one session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

from cli.listen.files import Files
from cli.listen.renderer import Renderer
from cli.outages import Outages
from processors.backend import Backend
from shared.backoff import delays
from shared.errors import SessionOver, SessionUnknown, StoreUnavailable, UnsupportedLanguage
from shared.sessions import Session
from sinks import AudioSubscriber, Caption, CaptionSubscriber, Corrected, Interrupted, Missed, Resumed, Tail
from sinks.subscriber import LOOKBACK_S

#: The longest wait in s between two polls for a session that is not there yet.
_POLL_INTERVAL = 2.0


class Listener:
    """Follows a session that is there, or that will be: one created meanwhile is heard from its beginning."""

    def __init__(
        self, backend: Backend, session: str, language: str | None, renderer: Renderer, files: Files, *, captions: bool
    ) -> None:
        self._outages = Outages()
        self._streams = self._outages.watched(backend.streams)
        self._store = backend.store
        self._session = session
        self._language = language
        self._renderer = renderer
        self._files = files
        self._captions = captions
        #: How many subscribers cannot read their streams.
        self._interrupted = 0

    async def run(self) -> None:
        """Runs until the session has ended.

        Raises SessionOver where it had ended before, UnsupportedLanguage where it is not translated into this
        language.
        """
        session, age = await self._found()
        async with AsyncExitStack() as subscribed:
            subscribers = [await self._joined(session, subscriber, subscribed) for subscriber in self._subscribers(age)]
            self._renderer.joined(session)
            async with asyncio.TaskGroup() as group:
                for subscriber in subscribers:
                    group.create_task(self._follow(subscriber))
        self._renderer.ended(self._session)

    async def _found(self) -> tuple[Session, float | None]:
        """The session, as soon as there is one, and how old (s) it is at most; None where it was there already."""
        loop = asyncio.get_running_loop()
        absent_at: float | None = None
        for wait in delays(most=_POLL_INTERVAL):
            asked_at = loop.time()
            try:
                with self._outages.reported():
                    session = await self._store.load(self._session)
            except SessionUnknown:
                if absent_at is None:
                    self._renderer.waiting(f"there is no session {self._session} yet")
                absent_at = asked_at
            except StoreUnavailable:
                pass
            else:
                return session, None if absent_at is None else loop.time() - absent_at
            await asyncio.sleep(wait)
        raise AssertionError("delays never end")

    def _subscribers(self, age: float | None) -> Iterator[CaptionSubscriber | AudioSubscriber]:
        # Of one that was created between two polls nothing may be missed, also where it has ended by now.
        after, back = (None, None) if age is None else (0, age + LOOKBACK_S)
        if self._captions or self._files.captions:
            yield CaptionSubscriber(
                self._streams, self._session, self._language, after=after, lookback_s=back, store=self._store
            )
        if self._files.speech and self._language is not None:
            yield AudioSubscriber(
                self._streams, self._session, self._language, after=after, lookback_s=back, store=self._store
            )

    async def _joined(
        self, session: Session, subscriber: CaptionSubscriber | AudioSubscriber, subscribed: AsyncExitStack
    ) -> CaptionSubscriber | AudioSubscriber:
        """Enters the subscriber, and says what an error means here."""
        try:
            return await subscribed.enter_async_context(subscriber)
        except SessionOver as error:
            kept = "".join(f"; {path} stays as it is" for path in self._files.asked if path.exists())
            raise SessionOver(
                f"{error}, except in the files that a listener wrote while it lasted (--vtt, --audio){kept}"
            ) from None
        except UnsupportedLanguage:
            if self._language != session.source_language:
                raise
            raise UnsupportedLanguage(
                f"session {session.id}: {self._language} is what is spoken; leave --language out for its captions"
            ) from None

    async def _follow(self, subscriber: CaptionSubscriber | AudioSubscriber) -> None:
        async for event in subscriber:
            self._files.write(event)
            match event:
                case Caption() | Corrected() | Tail() | Missed() if not self._captions:
                    continue
                case Interrupted():
                    self._interrupted += 1
                    if self._interrupted > 1:
                        continue
                case Resumed():
                    self._interrupted -= 1
                    if self._interrupted:
                        continue
            self._renderer.show(event)
