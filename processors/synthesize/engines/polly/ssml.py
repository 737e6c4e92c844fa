"""Text as SSML with a tempo."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from processors.synthesize.masks import PAUSE, silenced

#: What XML has no way to write.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sendable(text: str) -> str:
    """The text without characters that cannot be sent, which nobody would hear either."""
    return _FORBIDDEN.sub(" ", text)


def escaped(text: str) -> str:
    """The text as it stands inside of an element, a pause in the place of masked words."""
    return silenced(escape(text), f'<break time="{PAUSE}ms"/>')


def plain(text: str) -> str:
    """The text for a voice that takes no SSML: a comma is its pause."""
    return silenced(text, ",")


def ssml(text: str, tempo: float) -> str:
    """A document that speaks the text `tempo` times as fast as usual, in whole per cent."""
    return f'<speak><prosody rate="{round(tempo * 100)}%">{escaped(text)}</prosody></speak>'
