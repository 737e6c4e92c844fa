"""The SDK that a speaker's client embeds: it frames audio, places it in audio time and publishes it."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise ImportError(
        "low-latency-translate finds another project's `shared` in place of its own: "
        f"{shared.__file__ or shared.__path__[0]}. "
        "Install it in an environment of its own, and keep that out of Python's path."
    )

from producers.audio_producer import AudioProducer
from producers.blocking import BlockingAudioProducer
from producers.status import ProducerStatus

__all__ = ["AudioProducer", "BlockingAudioProducer", "ProducerStatus"]
