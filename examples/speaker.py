"""Speaks a WAV file onto Kinesis, as a session in English that is translated into Spanish and Catalan.

    python examples/speaker.py talk cli/demo/recording.wav

AWS is found as boto3 finds it. LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key.
"""

from __future__ import annotations

import asyncio
import sys

from producers import AudioProducer
from producers.sources import WavSource
from shared.aws import Aws
from shared.errors import LowLatencyTranslateError
from shared.sessions import Session
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import StreamName
from shared.streams.kinesis import kinesis_streams


async def main(id: str, file: str) -> None:
    """Sends the file at the pace of a speaker, and ends the session behind it."""
    recording = WavSource(file)
    aws, settings = Aws(), Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    session = Session(id=id, source_language="en", target_languages=("es", "ca"), rate=recording.rate)
    async with AudioProducer(streams[StreamName.AUDIO], store, session) as producer:
        await producer.stream(recording)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python examples/speaker.py SESSION RECORDING.wav")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except LowLatencyTranslateError as error:
        sys.exit(f"speaker: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
