"""What an audience subscribes to: captions and speech, live or as files."""

import shared

if getattr(shared, "DISTRIBUTION", "") != "low-latency-translate":
    raise ImportError(
        "low-latency-translate finds another project's `shared` in place of its own: "
        f"{shared.__file__ or shared.__path__[0]}. "
        "Install it in an environment of its own, and keep that out of Python's path."
    )

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
