"""Prints the captions of several sessions in one language, each until it ends, over one mapping of streams.

    python examples/many_listeners.py es talk panel

AWS is found as boto3 finds it. LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

from shared.aws import Aws
from shared.clean import clean
from shared.errors import LowLatencyTranslateError
from shared.sessions import SessionStore
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import Stream, StreamName
from shared.streams.kinesis import kinesis_streams
from sinks import Caption, CaptionSubscriber


async def follow(streams: Mapping[StreamName, Stream], store: SessionStore, session: str, language: str) -> None:
    """Prints one session's captions; where it cannot be followed, says so and leaves the others alone."""
    try:
        async with CaptionSubscriber(streams, session, language, store=store) as captions:
            async for event in captions:
                if isinstance(event, Caption):
                    print(f"{session} {event.number}: {clean(event.text)}", flush=True)
    except LowLatencyTranslateError as error:
        print(f"many_listeners: {error}", file=sys.stderr)


async def main(language: str, sessions: Sequence[str]) -> None:
    """Follows all of them at once."""
    aws, settings = Aws(), Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    # Once for all: every shard is read once, however many listen.
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    async with asyncio.TaskGroup() as group:
        for session in sessions:
            group.create_task(follow(streams, store, session, language))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python examples/many_listeners.py LANGUAGE SESSION...")
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2:]))
    except LowLatencyTranslateError as error:
        sys.exit(f"many_listeners: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
