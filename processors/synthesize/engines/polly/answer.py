"""The audio that Polly sends, read as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from typing import Any

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

from shared.errors import EngineUnavailable

#: Bytes read at once: 100 ms at 16 kHz, which is the first chunk that a stage publishes.
PIECE = 3200


async def read(stream: Any, threads: Executor) -> AsyncGenerator[bytes, None]:
    """Yields a botocore StreamingBody in pieces; EngineUnavailable where it breaks off.

    Whoever stops listening closes the connection, so that Polly stops speaking.
    """
    loop = asyncio.get_running_loop()
    try:
        while piece := await loop.run_in_executor(threads, stream.read, PIECE):
            yield piece
    except (BotoCoreError, HTTPError, OSError, ValueError) as error:
        # A ValueError is a connection that was closed meanwhile.
        raise EngineUnavailable(f"Polly's audio broke off: {type(error).__name__}") from None
    finally:
        # A read may be under way, and closing waits for it: not on the event loop.
        threads.submit(stream.close)
