"""Streams and tables of a test's own in LocalStack, and the backend on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from processors.backend import Backend, Reader, kinesis
from shared.aws import Aws
from shared.aws.tables import create_tables, delete_tables
from shared.settings import Settings
from shared.streams.kinesis.admin import StreamAdmin


@asynccontextmanager
async def localstack_backend(shards: int = 1) -> AsyncIterator[tuple[str, Backend]]:
    """A prefix, and the backend whose streams and tables begin with it; needs `aws_environment`."""
    prefix = f"test-{uuid4().hex[:8]}"
    aws = Aws()
    streams = StreamAdmin(aws, prefix)
    await asyncio.gather(streams.create(shards), create_tables(aws, prefix))
    try:
        yield prefix, kinesis(Settings(stream_prefix=prefix, table_prefix=prefix), Reader.WORKER)
    finally:
        await asyncio.gather(streams.delete(), delete_tables(aws, prefix))
