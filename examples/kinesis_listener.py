"""Prints the captions of a session whose streams are on Kinesis, until the session ends or Ctrl-C is pressed.

    python examples/kinesis_listener.py talk es     # without a language, those of what the speaker says

AWS is found as boto3 finds it. LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key.
STREAM_PREFIX, TABLE_PREFIX and SINK_READ_INTERVAL are those of the pipeline.
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
from sinks import Caption, CaptionSubscriber, Corrected, Ended, Interrupted, Missed, Resumed


async def main(session: str, language: str | None = None) -> None:
    """Prints what the session's subscriber tells, until it has ended."""
    settings = Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    aws = Aws()
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    async with CaptionSubscriber(streams, session, language, store=store) as captions:
        async for event in captions:
            match event:
                case Caption(number, text=text):
                    # What others have written may hold what a terminal obeys.
                    print(f"{number}: {clean(text)}", flush=True)
                case Corrected(first, last, text):
                    print(f"{first}-{last} should have been: {clean(text)}", flush=True)
                case Missed(first, last):
                    print(f"{first}-{last} did not come", flush=True)
                case Interrupted(reason):
                    print(f"the stream cannot be read for now: {clean(reason)}", file=sys.stderr)
                case Resumed():
                    print("the stream can be read again", file=sys.stderr)
                case Ended(reason):
                    print(f"the session is over: {reason}", flush=True)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: python examples/kinesis_listener.py SESSION [LANGUAGE]")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except LowLatencyTranslateError as error:
        sys.exit(f"kinesis_listener: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
