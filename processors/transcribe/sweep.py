"""Ends the sessions that nobody ended: idle ones and those past their longest."""

from __future__ import annotations

import asyncio
import logging

from processors.contract import Outlet
from shared.clock import Clock
from shared.errors import StoreUnavailable
from shared.models import SessionEnded
from shared.sessions import Session, SessionStore
from shared.settings import Settings
from shared.streams import StreamName

log = logging.getLogger(__name__)

#: Seconds between two looks. `last_frame_at` is written as seldom, so an idle session ends up to two of them late.
SWEEP_EVERY = 30.0


class Sweep:
    """Puts SessionEnded on the audio stream for every open session that is idle or too long."""

    def __init__(self, store: SessionStore, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def run(self, outlet: Outlet) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                sessions = await self._store.open_sessions()
            except StoreUnavailable as error:
                log.warning("transcribe: cannot look for idle sessions: %s", error)
                continue
            for session in sessions:
                reason = self._reason(session)
                if reason:
                    now = self._clock.now()
                    ended = SessionEnded(session=session.id, captured_at=now, reason=reason)
                    await outlet.publish(StreamName.AUDIO, ended)

    def _reason(self, session: Session) -> str:
        settings = self._settings.tolerate(session.settings)
        now = self._clock.now()
        last_frame_at = max(session.last_frame_at, session.started_at)
        if now - last_frame_at >= (settings.idle_timeout + SWEEP_EVERY) * 1000:
            return "idle"
        if now - session.started_at >= settings.max_session_length * 1000:
            return "too long"
        return ""
