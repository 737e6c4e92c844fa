"""How a caption reads on a terminal."""

from __future__ import annotations

from shared.clean import clean
from sinks import Caption


def labelled(caption: Caption) -> str:
    """Its text in one line, behind its speaker where speakers are told apart."""
    return clean(caption.text if caption.speaker is None else f"{caption.speaker}: {caption.text}")
