"""What bounds a producer: the lengths and times that its client or the environment gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from shared.sessions import Session
from shared.settings import Settings

_BUFFER = "OUTAGE_BUFFER"
#: What tells how old audio may be. Workers go by their own: a value here that is none is no reason to refuse audio.
_GUESSED = ("IDLE_TIMEOUT", "MAX_SESSION_LENGTH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`settings` are the environment's and the session's."""

    live: bool
    frame_ms: int
    queue_s: float
    outage_buffer_s: float
    timeout_s: float
    settings: Settings

    @classmethod
    def of(
        cls,
        session: Session,
        *,
        live: bool,
        frame_ms: int,
        queue_s: float,
        outage_buffer_s: float | None,
        timeout_s: float,
        environ: Mapping[str, str] = os.environ,
    ) -> Self:
        """With the setting OUTAGE_BUFFER where `outage_buffer_s` is None.

        Raises SettingError where that is no such number, or one of the session's own settings is none, and ValueError
        for a length or time that cannot be.
        """
        if not 10 <= frame_ms <= 1000:
            raise ValueError(f"expected frame_ms to be 10-1000, got {frame_ms}")
        for name, seconds in (("queue_s", queue_s), ("outage_buffer_s", outage_buffer_s), ("timeout_s", timeout_s)):
            # A NaN is smaller than nothing, and would wait for ever.
            if seconds is not None and not seconds >= 0:
                raise ValueError(f"expected {name} to be 0 or more, got {seconds}")
        needed = {_BUFFER} - session.settings.keys() if outage_buffer_s is None else ()
        settings = Settings.load(environ, only=needed)
        settings = settings.tolerate({name: environ[name] for name in _GUESSED if environ.get(name)})
        settings = settings.override(session.settings)
        return cls(
            live=live,
            frame_ms=frame_ms,
            queue_s=queue_s,
            outage_buffer_s=settings.outage_buffer if outage_buffer_s is None else outage_buffer_s,
            timeout_s=timeout_s,
            settings=settings,
        )
