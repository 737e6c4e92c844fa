"""Amazon Transcribe streaming: its HTTP/2 and event-stream protocol with a recogniser engine behind it."""

from infra.local.emulators.transcribe.limits import Limits
from infra.local.emulators.transcribe.server import TranscribeServer

__all__ = ["Limits", "TranscribeServer"]
