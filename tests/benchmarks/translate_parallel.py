"""How much longer three languages take than one, with Amazon Translate's engine and a server that answers in 100 ms.

The server is a process of its own; a segment's languages are asked for at once, as the translate stage does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from aiohttp import web

from processors.translate.engines.aws import AwsTranslator

#: Seconds that the server takes, and how often each is measured.
_LATENCY, _ROUNDS = 0.1, 30
_BOUND = 1.2
_TEXT = "Good evening, ladies and gentlemen, and welcome to the town hall."


def main() -> int:
    """Prints the ratio; the exit code is 1 above the bound."""
    receives, sends = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(sends,), daemon=True)
    server.start()
    os.environ |= {
        "AWS_ENDPOINT_URL_TRANSLATE": f"http://127.0.0.1:{receives.recv()}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    try:
        one, three = asyncio.run(_measure())
    finally:
        server.terminate()
        server.join()
    print(f"one language {one * 1000:.0f} ms, three {three * 1000:.0f} ms: {three / one:.2f} times (at most {_BOUND})")
    return 0 if three <= _BOUND * one else 1


async def _measure() -> tuple[float, float]:
    """Median seconds of one language and of three, measured in turns."""
    translator = AwsTranslator()
    times: dict[int, list[float]] = {1: [], 3: []}
    await _translated(translator, ("es", "ca", "fr"))
    for _ in range(_ROUNDS):
        for languages in (("es",), ("es", "ca", "fr")):
            began = time.perf_counter()
            await _translated(translator, languages)
            times[len(languages)].append(time.perf_counter() - began)
    return statistics.median(times[1]), statistics.median(times[3])


async def _translated(translator: AwsTranslator, languages: Sequence[str]) -> None:
    await asyncio.gather(*(translator.translate(_TEXT, "en", language) for language in languages))


def _serve(port: Connection) -> None:
    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        await asyncio.sleep(_LATENCY)
        codes = {name: asked[name] for name in ("SourceLanguageCode", "TargetLanguageCode")}
        return web.json_response({"TranslatedText": asked["Text"], **codes})

    async def run() -> None:
        application = web.Application()
        application.router.add_post("/", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
