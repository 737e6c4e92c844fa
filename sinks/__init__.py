"""What an audience subscribes to: captions and speech, live or as files."""

from sinks.audio import AudioChunk, AudioEvent, AudioSubscriber, ClipLeftOut, ClipMissed
from sinks.captions import Caption, CaptionEvent, CaptionSubscriber, Corrected, Missed, Tail

__all__ = [
    "AudioChunk",
    "AudioEvent",
    "AudioSubscriber",
    "Caption",
    "CaptionEvent",
    "CaptionSubscriber",
    "ClipLeftOut",
    "ClipMissed",
    "Corrected",
    "Missed",
    "Tail",
]
