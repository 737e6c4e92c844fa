"""The audio events of a stream, unwrapped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from emulators.transcribe.errors import BadRequest
from emulators.transcribe.eventstream import Message, MessageReader, wrapped
from emulators.transcribe.exchange import Exchange
from emulators.transcribe.signatures import SignatureChain


class AudioEvents:
    """Iterates over the payloads, until an empty one or the end of the request.

    Raises BadRequest where `idle` seconds pass without one, and at a message that is not an audio event, that is
    corrupt or, with the `secret` access key, that is not signed as it has to be.
    """

    def __init__(self, exchange: Exchange, idle: float, secret: str | None) -> None:
        self._exchange = exchange
        self._idle = idle
        self._reader = MessageReader()
        authorization = exchange.headers.get("authorization", "")
        self._signatures = SignatureChain(authorization, secret) if secret is not None else None

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while True:
            try:
                async with asyncio.timeout_at(heard + self._idle):
                    data = await self._exchange.read()
            except TimeoutError:
                raise BadRequest(
                    f"Your request timed out because no new audio was received for {self._idle:g} seconds."
                ) from None
            if data is None:
                return
            for message in self._reader.read(data):
                audio = self._audio(message)
                if not audio:
                    return
                yield audio
                heard = loop.time()

    def _audio(self, message: Message) -> bytes:
        if self._signatures is not None:
            self._signatures.check(message)
        # A signed message holds the event, or nothing at the end; without a signature it is the event.
        signed = message.payload and ":chunk-signature" in message.headers
        event = wrapped(message.payload) if signed else message
        if event.payload and event.headers.get(":event-type") != "AudioEvent":
            raise BadRequest(f"Expected an AudioEvent, got {event.headers.get(':event-type')!r}")
        return event.payload
