"""How a caption reads on a terminal."""

from __future__ import annotations

from sinks import Caption


def labelled(caption: Caption) -> str:
    """Its text, behind its speaker where speakers are told apart."""
    return caption.text if caption.speaker is None else f"{caption.speaker}: {caption.text}"
