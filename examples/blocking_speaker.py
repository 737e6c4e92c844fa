"""Speaks what comes on standard input, raw PCM, onto Kinesis from a program that has no event loop.

    arecord -q -f S16_LE -r 16000 -c 1 -t raw | python examples/blocking_speaker.py talk

The session is in English and translated into Spanish. It ends where the input does; after Ctrl-C it goes on, and a
speaker may come back to it. AWS is found as boto3 finds it. LocalStack is where AWS_ENDPOINT_URL says, with AWS_REGION
and any access key.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

from producers import AudioProducer, BlockingAudioProducer
from shared.aws import Aws
from shared.errors import LowLatencyTranslateError
from shared.sessions import Session
from shared.sessions.dynamodb import DynamoDbSessionStore
from shared.settings import Settings
from shared.streams import StreamName
from shared.streams.kinesis import kinesis_streams


def main(id: str, audio: BinaryIO) -> None:
    """Writes the audio as it comes."""
    aws, settings = Aws(), Settings.load(only=("STREAM_PREFIX", "TABLE_PREFIX", "SINK_READ_INTERVAL"))
    streams = kinesis_streams(aws, settings.stream_prefix, settings.sink_read_interval)
    store = DynamoDbSessionStore(aws, settings.table_prefix)
    session = Session(id=id, source_language="en", target_languages=("es",))
    with BlockingAudioProducer(AudioProducer(streams[StreamName.AUDIO], store, session)) as producer:
        while pcm := audio.read(session.rate // 10 * 2):  # 100 ms of 16-bit samples
            producer.write(pcm)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/blocking_speaker.py SESSION < AUDIO")
    try:
        main(sys.argv[1], sys.stdin.buffer)
    except LowLatencyTranslateError as error:
        sys.exit(f"blocking_speaker: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
