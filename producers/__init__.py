"""The SDK that a speaker's client embeds: it frames audio, places it in audio time and publishes it."""

from producers.audio_producer import AudioProducer
from producers.blocking import BlockingAudioProducer
from producers.status import ProducerStatus

__all__ = ["AudioProducer", "BlockingAudioProducer", "ProducerStatus"]
