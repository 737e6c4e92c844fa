"""What shows a broadcast while it runs."""

from __future__ import annotations

from typing import Protocol

from sinks import Caption, Corrected


class View(Protocol):
    """Is told what happens, and returns at once; `language` None is the source language."""

    def tail(self, text: str) -> None:
        """The steady part of the source language's tail is now `text`."""

    def caption(self, language: str | None, caption: Caption) -> None:
        """A caption is committed."""

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        """Captions read better now."""

    def sent(self, seconds: float) -> None:
        """So much audio has been sent."""

    def latency(self, name: str, milliseconds: float) -> None:
        """A latency was measured."""
