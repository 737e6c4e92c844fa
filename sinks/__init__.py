"""What an audience subscribes to: captions and speech, live or as files."""

from sinks.audio import AudioChunk, AudioEvent, AudioSubscriber, ClipLeftOut, ClipMissed
from sinks.captions import Caption, CaptionEvent, CaptionSubscriber, Corrected, Missed, Tail
from sinks.events import Ended, Interrupted, Resumed, SessionEvent

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
    "Ended",
    "Interrupted",
    "Missed",
    "Resumed",
    "SessionEvent",
    "Tail",
]
