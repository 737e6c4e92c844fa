"""Amazon Polly as a server of the tests answers for it, and a synthesizer that asks it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from aiohttp import web

from processors.synthesize.engines.polly import PollySynthesizer
from tests.support.aws_server import Answer, Asked, AwsServer, refusal

#: 100 ms, as they are read.
PIECE = bytes(range(256)) * 12 + bytes(128)
Script = Callable[[web.StreamResponse], Awaitable[None]]


def streaming(script: Script) -> Answer:
    """Begins an answer of audio, which the script writes, and ends it as if all were well."""

    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm", "x-amzn-RequestCharacters": "1"})
        await response.prepare(request)
        await script(response)
        await response.write_eof()
        return response

    return answer


def audio(times: int) -> Answer:
    async def script(response: web.StreamResponse) -> None:
        await response.write(PIECE * times)

    return streaming(script)


def always(code: str, message: str = "", status: int = 400) -> Answer:
    async def answer(request: web.Request, asked: Asked) -> web.StreamResponse:
        return refusal(code, message, status)

    return answer


async def heard(synthesizer: PollySynthesizer, text: str = "Hola.", language: str = "es", tempo: float = 1.0) -> bytes:
    return b"".join([piece async for piece in synthesizer.synthesize(text, language, tempo)])


@pytest.fixture
async def synthesizer(aws_server: AwsServer) -> AsyncGenerator[PollySynthesizer, None]:
    aws_server.answer = audio(3)
    made = PollySynthesizer()
    yield made
    await made.close()
