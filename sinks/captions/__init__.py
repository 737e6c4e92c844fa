"""Captions of one session in one language."""

from sinks.captions.events import Caption, CaptionEvent, Corrected, Missed, Tail
from sinks.captions.subscriber import CaptionSubscriber

__all__ = ["Caption", "CaptionEvent", "CaptionSubscriber", "Corrected", "Missed", "Tail"]
