"""Speaks the microphone onto Kinesis, as a session in English into the languages that are named; Ctrl-C ends it.

    python examples/microphone_producer.py talk es ca

The microphone wants the extra `microphone` and PortAudio (apt install libportaudio2). AWS is found as boto3 finds it.
LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION and any access key. STREAM_PREFIX and TABLE_PREFIX are those
of the pipeline.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from producers import AudioProducer
from producers.sources import MicrophoneSource
from shared.aws import Aws
from shared.errors import LowLatencyTranslateError
from shared.sessions import Session
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import StreamName
from shared.streams.kinesis import kinesis_streams


async def main(id: str, languages: Sequence[str]) -> None:
    """Speaks until Ctrl-C, which ends the session, or until the microphone or the session ends."""
    session = Session(id=id, source_language="en", target_languages=tuple(languages))
    microphone = MicrophoneSource(rate=session.rate)
    settings = Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    aws = Aws()
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    loop = asyncio.get_running_loop()
    # Where the block ends well, so does the session; where it raises, a speaker may come back to it.
    async with AudioProducer(streams[StreamName.AUDIO], store, session) as producer:
        speaking = asyncio.create_task(producer.stream(microphone))
        loop.add_signal_handler(signal.SIGINT, speaking.cancel)
        print(f"Session {id} hears you. Ctrl-C ends it.", flush=True)
        with suppress(asyncio.CancelledError):
            await speaking
        # A second Ctrl-C waits for nothing.
        loop.remove_signal_handler(signal.SIGINT)
    print(f"Session {id} ends once all that you said is heard.")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python examples/microphone_producer.py SESSION LANGUAGE...")
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2:]))
    except LowLatencyTranslateError as error:
        sys.exit(f"microphone_producer: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
