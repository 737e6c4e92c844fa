"""Where audio comes from: asynchronous iterators of mono PCM s16le."""

from producers.sources.microphone import MicrophoneSource
from producers.sources.recording import RecordingSource
from producers.sources.wav import WavSource

__all__ = ["MicrophoneSource", "RecordingSource", "WavSource"]
