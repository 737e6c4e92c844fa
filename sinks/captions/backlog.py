"""What a subscriber tells first: what came before it joined."""

from __future__ import annotations

from collections.abc import Iterator

from shared.models import Segment, Translation
from sinks.captions.events import Caption, CaptionEvent, Corrected, Missed


class Backlog:
    """Collects what came before: the last `limit` captions of it are told, all of them where it is None.

    One that resumes has had the captions up to `after`, and what was corrected before the last of those came.
    """

    def __init__(self, limit: int | None, after: int = 0) -> None:
        self._limit = limit
        self._after = after
        #: The newest number that it has seen and the listener had: one that comes again says nothing new.
        self._had = 0
        self._captions: list[Caption] = []
        self._corrections: list[Corrected] = []

    def add(self, event: CaptionEvent) -> None:
        """Takes what a record of the backlog has to tell."""
        if isinstance(event, Caption):
            self._captions.append(event)
        elif isinstance(event, Corrected):
            self._corrections.append(event)

    def seen(self, caption: Segment | Translation) -> None:
        """The caption, of the subscriber's language, stands behind all that was added."""
        if self._had < caption.number <= self._after:
            self._had = caption.number
            self._corrections.clear()

    def events(self, last: int) -> Iterator[CaptionEvent]:
        """The captions, what is missing before and between them, and how they now read; `last` is the newest number."""
        captions = self._captions
        if self._limit is not None:
            captions = captions[-self._limit :] if self._limit else []
        first = captions[0].number if captions else last + 1
        told = self._after
        for caption in captions:
            if caption.number > told + 1:
                yield Missed(told + 1, caption.number - 1)
            yield caption
            told = caption.number
        if told < last:
            yield Missed(told + 1, last)
        resumes = self._limit is None
        yield from (corrected for corrected in self._corrections if resumes or corrected.first >= first)
