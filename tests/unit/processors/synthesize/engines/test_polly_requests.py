"""Requests of Amazon Polly while they are under way: they break off, are throttled, given up, and as many as allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web

from processors.synthesize.engines.polly import PollySynthesizer
from shared.errors import EngineUnavailable
from tests.support.aws_server import Asked, AwsServer, aws_server, refusal
from tests.support.waiting import TIMEOUT
from tests.unit.processors.synthesize.engines.fake_polly import PIECE, audio, heard, streaming, synthesizer

pytestmark = pytest.mark.system

__all__ = ["aws_server", "synthesizer"]


async def test_audio_that_breaks_off_may_come_another_time(
    synthesizer: PollySynthesizer, aws_server: AwsServer
) -> None:
    goes_on = asyncio.Event()

    async def dropped(request: web.Request, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(PIECE)
        await goes_on.wait()
        assert request.transport is not None
        request.transport.abort()
        return response

    aws_server.answer = dropped
    speech = synthesizer.synthesize("Hola.", "es", 1.0)
    assert await anext(speech) == PIECE
    goes_on.set()
    with pytest.raises(EngineUnavailable, match="broke off"):
        await anext(speech)
    aws_server.answer = audio(1)
    assert await heard(synthesizer) == PIECE


async def test_throttling_is_waited_out(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        return refusal("ThrottlingException") if len(aws_server.asked) == 1 else await audio(1)(request, asked)

    aws_server.answer = answer
    assert await heard(synthesizer) == PIECE
    assert len(aws_server.asked) == 2


async def test_who_stops_listening_ends_the_request(synthesizer: PollySynthesizer, aws_server: AwsServer) -> None:
    ended = asyncio.Event()

    async def script(response: web.StreamResponse) -> None:
        try:
            while True:
                await response.write(PIECE)
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    aws_server.answer = streaming(script)
    speech = synthesizer.synthesize("Hola.", "es", 1.0)
    assert isinstance(speech, AsyncGenerator)
    await anext(speech)
    await speech.aclose()
    async with asyncio.timeout(TIMEOUT):
        await ended.wait()


async def test_who_gives_up_before_the_answer_leaves_nothing_open(
    synthesizer: PollySynthesizer, aws_server: AwsServer
) -> None:
    asked, goes_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request, _: Asked) -> web.StreamResponse:
        asked.set()
        await goes_on.wait()
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(PIECE)
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    aws_server.answer = answer
    hearing = asyncio.create_task(heard(synthesizer))
    async with asyncio.timeout(TIMEOUT):
        await asked.wait()
        hearing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hearing
        goes_on.set()
        await ended.wait()


async def test_no_more_clips_are_under_way_than_an_account_may_have(
    synthesizer: PollySynthesizer, aws_server: AwsServer
) -> None:
    under_way, most = 0, 0

    async def script(response: web.StreamResponse) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        await response.write(PIECE)
        under_way -= 1

    aws_server.answer = streaming(script)
    await asyncio.gather(*(heard(synthesizer) for _ in range(40)))
    assert 1 < most <= 18
