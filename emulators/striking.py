"""How a fault strikes a request over HTTP/1.1."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from emulators.faults import FaultKind, Faults, Service
from emulators.service_error import ServiceError

#: On, and for no time: what is closed is reset.
_LINGER_NOT = struct.pack("ii", 1, 0)
#: Code, message and status of a service that is asked too often; Translate models an error of its own.
_THROTTLED = {
    Service.TRANSLATE: ("TooManyRequestsException", "Rate exceeded", 429),
    Service.POLLY: ("ThrottlingException", "Rate exceeded", 400),
}


async def struck_before(faults: Faults, service: Service) -> FaultKind | None:
    """The fault that is to strike the answer of this request, if any; those that leave no answer strike here.

    `throttle` raises ServiceError, `no-answer` waits until the caller has gone.
    """
    fault = faults.strike(service)
    if fault is FaultKind.THROTTLE:
        raise ServiceError(*_THROTTLED[service])
    if fault is FaultKind.NO_ANSWER:
        await asyncio.Event().wait()
    return fault


def break_off(request: web.Request, fault: FaultKind) -> None:
    """Closes the connection in the middle: as a crash does, or (`reset`) with a TCP reset. Nothing more arrives."""
    transport = request.transport
    if transport is not None:
        if fault is FaultKind.RESET:
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
