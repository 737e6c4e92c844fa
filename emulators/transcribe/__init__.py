"""Amazon Transcribe streaming: its HTTP/2 and event-stream protocol with a recogniser engine behind it."""

from emulators.transcribe.limits import TranscribeLimits
from emulators.transcribe.server import TranscribeServer

__all__ = ["TranscribeLimits", "TranscribeServer"]
