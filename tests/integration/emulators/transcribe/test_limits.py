"""The limits of the service, made short."""

from __future__ import annotations

import pytest
from amazon_transcribe.exceptions import BadRequestException, ConflictException, LimitExceededException

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe import TranscribeLimits, TranscribeServer
from tests.integration.emulators.transcribe.streaming_client import (
    end,
    engine,
    results,
    send,
    silence,
    start,
    transcribed,
)

pytestmark = pytest.mark.system


async def test_a_stream_without_audio_ends(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(), limits=TranscribeLimits(idle=0.2)) as server:
        stream = await start(server)
        await send(stream, silence(1))
        with pytest.raises(BadRequestException, match=r"no new audio was received for 0\.2 seconds"):
            await results(stream)


async def test_a_stream_that_is_too_long_ends(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(), limits=TranscribeLimits(length=2)) as server:
        assert await transcribed(server, silence(2))
        with pytest.raises(LimitExceededException, match="Break your audio stream into smaller chunks"):
            await transcribed(server, silence(2.1))


async def test_no_more_streams_than_the_account_may_have(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(), limits=TranscribeLimits(streams=1)) as server:
        first = await start(server)
        with pytest.raises(LimitExceededException, match="at the same time: 1"):
            await start(server)
        await end(first)
        assert await results(first) == []
        assert await transcribed(server, silence())


async def test_a_new_stream_takes_the_session_over(certificates: Certificates) -> None:
    session = "0ab8f2c4-1d2e-4f60-8a7b-123456789abc"
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        first = await start(server, session_id=session)
        found = await transcribed(server, silence(), session_id=session)
        with pytest.raises(ConflictException, match="same session ID"):
            await results(first)
    assert found
