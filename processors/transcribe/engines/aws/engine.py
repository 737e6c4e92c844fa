"""Amazon Transcribe as a recogniser: every take is a stream on a connection of its own."""

from __future__ import annotations

import asyncio
from typing import Self

from processors.transcribe.engines.aws.languages import Languages
from processors.transcribe.engines.aws.request import check, stream_request
from processors.transcribe.engines.aws.results import Transcript
from processors.transcribe.engines.aws.stream import TranscribeClient
from processors.transcribe.engines.aws.take import AwsTake
from processors.transcribe.recogniser import RecogniserEngine
from shared.sessions import Session
from shared.settings import Settings

RATE = 16000
#: Seconds of audio a second that a take which catches up is fed with: AWS asks for about real time.
FEED_RATE = 1.5
#: Seconds of audio behind a word with which the service has said it.
LOOKAHEAD = 1.5


class AwsEngine(RecogniserEngine):
    """Opens streams of Amazon Transcribe as the TRANSCRIBE_ settings, and a session's own, have them.

    `client` stands for the SDK that opens them; by default it is amazon-transcribe, with region, credentials,
    endpoint and trusted authorities by the usual AWS means. Raises SettingError for a setting of no use and
    SetupError where AWS cannot be found.
    """

    rate = RATE
    lookahead = LOOKAHEAD

    def __init__(
        self, settings: Settings, client: TranscribeClient | None = None, *, feed_rate: float | None = FEED_RATE
    ) -> None:
        self.feed_rate = feed_rate
        self._settings = settings
        self._languages = Languages(settings.transcribe_language_codes)
        check(settings)
        self._client = client or _amazon_transcribe()
        self._takes: set[AwsTake] = set()

    @classmethod
    def from_settings(cls, settings: Settings, argument: str) -> Self:
        return cls(settings)

    def languages(self) -> frozenset[str]:
        return self._languages.known()

    async def open(self, session: Session, start: int) -> AwsTake:
        request = stream_request(session, self._settings, self._languages, RATE)
        stream = await self._client.open(request)
        transcript = Transcript(self._languages, stabilised=request.stability is not None)
        take = AwsTake(stream, transcript, RATE, self._takes.discard)
        self._takes.add(take)
        return take

    async def close(self) -> None:
        await asyncio.gather(*(take.close() for take in tuple(self._takes)))
        await self._client.close()


def _amazon_transcribe() -> TranscribeClient:
    # Both take a while to import, and a test that brings a client of its own needs neither.
    from processors.transcribe.engines.aws.amazon_transcribe import AmazonTranscribe  # noqa: PLC0415
    from shared.aws import Aws  # noqa: PLC0415

    return AmazonTranscribe(Aws())
