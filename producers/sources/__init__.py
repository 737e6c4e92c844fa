"""Where audio comes from: asynchronous iterators of mono PCM s16le."""

from producers.sources.microphone import MicrophoneSource
from producers.sources.wav import WavSource

__all__ = ["MicrophoneSource", "WavSource"]
