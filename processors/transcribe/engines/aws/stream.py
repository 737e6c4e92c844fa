"""What an SDK of Amazon Transcribe must give; the shapes of results are those of AWS' own, in any of its SDKs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from processors.transcribe.engines.aws.request import StreamRequest


class Item(Protocol):
    """A word or a punctuation mark; times are in s since the stream's first sample."""

    @property
    def start_time(self) -> float | None:
        """Where it begins."""

    @property
    def end_time(self) -> float | None:
        """Where it ends."""

    @property
    def content(self) -> str | None:
        """The text."""

    @property
    def speaker(self) -> str | None:
        """The speaker's label, where speakers are told apart."""

    @property
    def confidence(self) -> float | None:
        """0-1."""

    @property
    def stable(self) -> bool | None:
        """Whether it will change no more, where results are stabilised."""


class Alternative(Protocol):
    """One reading of a segment."""

    @property
    def items(self) -> Sequence[Item] | None:
        """Its words and punctuation marks."""


class Result(Protocol):
    """A segment of speech so far; AWS calls a segment what is an utterance here."""

    @property
    def result_id(self) -> str | None:
        """The same until the segment is complete."""

    @property
    def start_time(self) -> float | None:
        """Where the segment begins, in s since the stream's first sample."""

    @property
    def is_partial(self) -> bool | None:
        """Whether more of it may come."""

    @property
    def alternatives(self) -> Sequence[Alternative] | None:
        """Its readings, the best first."""

    @property
    def language_code(self) -> str | None:
        """The language that was identified."""


class TranscribeStream(Protocol):
    """One stream, which is open. Its errors are EngineUnavailable."""

    async def send(self, pcm: bytes) -> None:
        """Sends audio; waits while the connection takes none. Raises EngineUnavailable when that is too long."""

    async def end(self) -> None:
        """Says that no more audio comes."""

    def results(self) -> AsyncIterator[Sequence[Result]]:
        """What is heard, event by event, until the service ends the stream or EngineUnavailable says why it broke."""

    async def close(self) -> None:
        """Gives the connection up."""


class TranscribeClient(Protocol):
    """Opens streams."""

    async def open(self, request: StreamRequest) -> TranscribeStream:
        """A stream on a connection of its own. Raises EngineUnavailable for now, UnsupportedLanguage for ever."""

    async def close(self) -> None:
        """Gives up what the streams share."""
