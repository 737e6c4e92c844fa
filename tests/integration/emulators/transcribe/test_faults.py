"""Each fault strikes at its time and looks as a client sees it."""

from __future__ import annotations

import pytest
from amazon_transcribe.exceptions import LimitExceededException
from amazon_transcribe.model import Result
from h2.errors import ErrorCodes

from emulators.certificates import Certificates
from emulators.faults import Fault, Faults
from emulators.transcribe import TranscribeServer
from tests.integration.emulators.transcribe.counting_engine import CountingEngine
from tests.integration.emulators.transcribe.http2_client import audio_event, connected
from tests.integration.emulators.transcribe.streaming_client import (
    SCRIPT,
    engine,
    results,
    said,
    scripted,
    send,
    silence,
    start,
    transcribed,
)

pytestmark = pytest.mark.system

FIRST_FINAL = next(result.position for result in SCRIPT.results if result.final)


@pytest.mark.parametrize("kind", ["abort", "reset", "silent-end"])
async def test_a_drop_ends_the_results_without_a_word(certificates: Certificates, kind: str) -> None:
    counting = CountingEngine()
    async with TranscribeServer(counting, certificates, Faults(Fault.parse(f"{kind}@2.5"))) as server:
        stream = await start(server)
        await send(stream, silence(2.4))
        heard: list[Result] = []
        await send(stream, silence(0.2))
        assert said(await results(stream, heard)) == scripted(SCRIPT)[: len(heard)]
        assert len(heard) < len(SCRIPT.results)
        again = await transcribed(server, silence())
    assert said(again) == scripted(SCRIPT)
    assert (counting.opened, counting.takes) == (2, set())


@pytest.mark.parametrize(
    ("kind", "reset", "lost"),
    [("abort", None, True), ("reset", ErrorCodes.INTERNAL_ERROR, False), ("silent-end", ErrorCodes.NO_ERROR, False)],
)
async def test_a_drop_on_the_wire(certificates: Certificates, kind: str, reset: int | None, lost: bool) -> None:
    faults = Faults(Fault.parse(f"{kind}@1"))
    async with TranscribeServer(engine(), certificates, faults) as server, connected(server, certificates) as client:
        answer = await client.request()
        await client.send(audio_event(silence(1)))
        await client.until_over(answer)
    assert (answer.reset, client.lost, answer.exceptions) == (reset, lost, [])
    assert answer.ended is (kind == "silent-end")


async def test_throttling_in_the_middle_is_an_exception_event(certificates: Certificates) -> None:
    heard: list[Result] = []
    async with TranscribeServer(engine(), certificates, Faults(Fault.parse("throttle@2.5"))) as server:
        stream = await start(server)
        await send(stream, silence())
        with pytest.raises(LimitExceededException, match="throttling"):
            await results(stream, heard)
    assert 0 < len(heard) < len(SCRIPT.results)


async def test_throttling_at_the_opening_is_the_answer(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(Fault.parse("throttlex2"))) as server:
        for _ in range(2):
            with pytest.raises(LimitExceededException, match="throttling"):
                await start(server)
        assert await transcribed(server, silence())


async def test_a_silent_end_at_the_opening_looks_like_a_stream_without_results(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults(Fault.parse("silent-end"))) as server:
        stream = await start(server)
        assert await results(stream) == []


@pytest.mark.parametrize("kind", ["abort", "reset"])
async def test_a_drop_at_the_opening_has_no_answer(certificates: Certificates, kind: str) -> None:
    counting = CountingEngine()
    faults = Faults(Fault.parse(kind))
    async with TranscribeServer(counting, certificates, faults) as server, connected(server, certificates) as client:
        answer = await client.until_over(await client.request())
    assert (answer.headers, client.lost, counting.opened) == ({}, kind == "abort", 0)


async def test_no_answer_at_the_opening(certificates: Certificates) -> None:
    faults = Faults(Fault.parse("no-answer"))
    async with TranscribeServer(engine(), certificates, faults) as server, connected(server, certificates) as client:
        answer = await client.request()
        # It reads on all the same: this is more than its window holds.
        await client.send(audio_event(silence()), end=True)
        await client.ping()
        assert (answer.headers, answer.over, client.lost) == ({}, False, False)


async def test_no_answer_in_the_middle_falls_silent(certificates: Certificates) -> None:
    faults = Faults(Fault.parse(f"no-answer@{FIRST_FINAL / 1000}"))
    async with TranscribeServer(engine(), certificates, faults) as server, connected(server, certificates) as client:
        answer = await client.request()
        await client.send(audio_event(silence()), end=True)
        await client.ping()
        assert (answer.headers[":status"], answer.over, client.lost) == ("200", False, False)
        assert len(answer.transcripts) < len(SCRIPT.results)
