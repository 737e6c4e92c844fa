"""Plays a recording through the whole pipeline in this process, and prints its captions in Spanish as they come.

    python examples/embed.py cli/demo/recording.wav

The engines are those that the environment chooses (RECOGNISER, TRANSLATOR, SYNTHESIZER), by default the offline ones.
"""

from __future__ import annotations

import asyncio
import sys

from processors.pipeline import Pipeline
from producers import AudioProducer
from producers.sources import WavSource
from shared.errors import LowLatencyTranslateError
from shared.sessions import Session
from sinks import Caption, CaptionSubscriber


async def speak(pipeline: Pipeline, session: Session, recording: WavSource) -> None:
    """Sends it, and ends the session behind it."""
    async with AudioProducer(pipeline.audio, pipeline.store, session, live=False) as producer:
        await producer.stream(recording)


async def read(pipeline: Pipeline, session: Session) -> None:
    """Prints the captions until the session has ended."""
    async with CaptionSubscriber(pipeline.streams, session.id, "es") as captions:
        async for event in captions:
            if isinstance(event, Caption):
                print(f"{event.number}: {event.text}", flush=True)


async def main(file: str) -> None:
    """Speaks and reads at once, beside the stages."""
    recording = WavSource(file)
    async with Pipeline() as pipeline:
        session = await pipeline.create_session("talk", "en", ["es"])
        await asyncio.gather(read(pipeline, session), speak(pipeline, session, recording))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/embed.py RECORDING.wav")
    try:
        asyncio.run(main(sys.argv[1]))
    except LowLatencyTranslateError as error:
        sys.exit(f"embed: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
