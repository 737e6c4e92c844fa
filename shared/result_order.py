"""The order of results, for every reader of transcripts: which ones are news."""

from __future__ import annotations

from enum import Enum

from shared.models import FinalResult, Result


class Place(Enum):
    """Where a result stands to those before it."""

    NEWER = "newer"
    NEW_TAKE = "new take"
    #: It was taken before, or a newer one was.
    REPEATED = "repeated"
    #: Its take is older than the newest seen.
    STALE = "stale"


class ResultOrder:
    """Places results by take, utterance, position, a final last; remembers the newest alone.

    A final is the last word on its utterance wherever its position lies; behind it, nothing of that utterance is news.
    """

    def __init__(self) -> None:
        self._newest: Result | None = None
        #: The newest take that anything in the stream was of.
        self.take = 0

    def end(self, take: int) -> None:
        """An end of that take was read: nothing of an older one is news."""
        self.take = max(self.take, take)

    def place(self, result: Result) -> Place:
        """Where the result stands; it is the newest then, unless it is old."""
        if result.take < self.take:
            return Place.STALE
        newest = self._newest
        if newest is not None and result.take == newest.take and not _follows(result, newest):
            return Place.REPEATED
        self._newest = result
        self.take = result.take
        return Place.NEWER if newest is not None and result.take == newest.take else Place.NEW_TAKE


def _follows(result: Result, newest: Result) -> bool:
    if result.utterance != newest.utterance:
        return result.utterance > newest.utterance
    if isinstance(newest, FinalResult):
        return False
    if isinstance(result, FinalResult) or result.position != newest.position:
        return isinstance(result, FinalResult) or result.position > newest.position
    # A recogniser may change its mind without having heard more.
    return result.items != newest.items
