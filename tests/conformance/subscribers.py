"""Subscribers that stay: the project's own sinks, subscribed to one talk through everything that happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import groupby

from shared.streams import Stream, StreamName
from sinks import AudioChunk, AudioEvent, AudioSubscriber, Caption, CaptionEvent, CaptionSubscriber, ClipLeftOut, Ended
from tests.conformance.simulated_cluster import Talk
from tests.support.virtual_time import VirtualClock


class Subscribers:
    """Subscribes to a talk's captions in every language and to its speech."""

    def __init__(self, streams: Mapping[StreamName, Stream], talk: Talk) -> None:
        self._streams = streams
        self._talk = talk
        self._captions: dict[str | None, list[CaptionEvent]] = {language: [] for language in (None, *talk.languages)}
        self._speech: dict[str, list[AudioEvent]] = {language: [] for language in talk.languages}
        self._tasks = [asyncio.create_task(self._read(language)) for language in self._captions]
        self._tasks += [asyncio.create_task(self._hear(language)) for language in self._speech]

    async def assert_delivered_once(self, count: int) -> None:
        """One caption and one clip for each of `count` numbers and language, in order; then the session's end."""
        async with asyncio.timeout(10):
            await asyncio.gather(*self._tasks)
        numbers = list(range(1, count + 1))
        for events in self._captions.values():
            assert [event.number for event in events if isinstance(event, Caption)] == numbers
        for clips in self._speech.values():
            chunks = [event for event in clips if isinstance(event, AudioChunk | ClipLeftOut)]
            assert [event for event in clips if event not in chunks] == [Ended("ended")]
            assert [number for number, _ in groupby(chunk.number for chunk in chunks)] == numbers
            assert [chunk.number for chunk in chunks if isinstance(chunk, AudioChunk) and chunk.first] == numbers
            assert [chunk.number for chunk in chunks if isinstance(chunk, AudioChunk) and chunk.last] == numbers

    def events(self, language: str | None) -> list[CaptionEvent]:
        """What a reader of the language has seen."""
        return self._captions[language]

    @property
    def captions(self) -> str:
        """The source language's committed text as it was shown."""
        return " ".join(event.text for event in self._captions[None] if isinstance(event, Caption))

    async def _read(self, language: str | None) -> None:
        subscriber = CaptionSubscriber(self._streams, self._talk.id, language, clock=VirtualClock())
        async with subscriber as captions:
            async for event in captions:
                self._captions[language].append(event)

    async def _hear(self, language: str) -> None:
        # A process that is killed in mid-clip is back, and its clip replayed, well within this time.
        subscriber = AudioSubscriber(self._streams, self._talk.id, language, clip_timeout_s=30, clock=VirtualClock())
        async with subscriber as audio:
            async for event in audio:
                self._speech[language].append(event)
