"""What a test asks of emulators that run in another process."""

from __future__ import annotations

import json

from aiohttp import web

from emulators.faults import Fault, Faults
from shared.errors import SettingError

#: Where health is answered, and where faults are asked for.
HEALTH, FAULTS = "/_emulators/health", "/_emulators/faults"


def add(router: web.UrlDispatcher, faults: Faults) -> None:
    """`GET` of health says that they run; `POST` of a JSON list of faults (`polly:throttlex3`) adds them."""

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def waiting(_: web.Request) -> web.Response:
        return web.json_response([str(fault) for fault in faults.waiting])

    async def more(request: web.Request) -> web.Response:
        try:
            parsed = [Fault.parse(text) for text in _texts(await request.read())]
        except SettingError as error:
            return web.json_response({"message": str(error)}, status=400)
        for fault in parsed:
            faults.add(fault)
        return await waiting(request)

    router.add_get(HEALTH, health)
    router.add_get(FAULTS, waiting)
    router.add_post(FAULTS, more)


def _texts(body: bytes) -> list[str]:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, list) or not all(isinstance(text, str) for text in asked):
        raise SettingError('expected a JSON list of faults, such as ["polly:throttlex3"]')
    return asked
