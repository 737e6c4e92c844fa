"""Prints a session's captions in one language until it ends; given a number, those behind that caption.

    python examples/listener.py talk es
    python examples/listener.py talk es 12

AWS is found as boto3 finds it. LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key.
"""

from __future__ import annotations

import asyncio
import sys

from shared.aws import Aws
from shared.clean import clean
from shared.errors import LowLatencyTranslateError
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams.kinesis import kinesis_streams
from sinks import Caption, CaptionSubscriber


async def main(session: str, language: str, after: int | None) -> None:
    """Prints each caption with its number, by which a program that is started again goes on."""
    aws, settings = Aws(), Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    async with CaptionSubscriber(streams, session, language, after=after, store=store) as captions:
        async for event in captions:
            if isinstance(event, Caption):
                print(f"{event.number}: {clean(event.text)}", flush=True)


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit("usage: python examples/listener.py SESSION LANGUAGE [NUMBER]")
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else None))
    except LowLatencyTranslateError as error:
        sys.exit(f"listener: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
