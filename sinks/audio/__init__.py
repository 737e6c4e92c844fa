"""Speech of one session in one language."""

from sinks.audio.events import AudioChunk, AudioEvent, ClipLeftOut, ClipMissed
from sinks.audio.subscriber import AudioSubscriber

__all__ = ["AudioChunk", "AudioEvent", "AudioSubscriber", "ClipLeftOut", "ClipMissed"]
