"""Proposes to end the sessions that nobody ended: their own transcribers decide."""

from __future__ import annotations

import asyncio
import logging

from processors.contract import Outlet
from shared.clock import Clock
from shared.errors import SessionUnknown, StoreUnavailable, StreamUnavailable
from shared.models import SessionEnded
from shared.sessions import Session, SessionStore
from shared.settings import Settings
from shared.streams import StreamName

log = logging.getLogger(__name__)

#: Seconds between two polls of the store.
POLL_INTERVAL = 30.0


class IdleSessions:
    """Puts a proposal to end it on the audio stream for every open session that is idle.

    It sees items alone, by a clock of its own, and either may be far behind: so nothing ends by it, and nothing of it
    is tried twice, since what is proposed late is proposed of another time.
    """

    def __init__(self, store: SessionStore, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def run(self, outlet: Outlet) -> None:
        """Polls the store until it is cancelled."""
        while True:
            await asyncio.sleep(POLL_INTERVAL)
            try:
                await self._poll(outlet)
            except StoreUnavailable as error:
                log.warning("transcribe: cannot poll for idle sessions: %s", error)

    async def _poll(self, outlet: Outlet) -> None:
        for session in await self._store.open_sessions():
            if not (reason := self._reason(session)):
                continue
            now = self._clock.now()
            proposal = SessionEnded(session=session.id, captured_at=now, reason=reason, proposal=True)
            try:
                if await self._store.propose_end(session.id, now):
                    await outlet.offer(StreamName.AUDIO, proposal)
            except StreamUnavailable as error:
                log.warning("transcribe: cannot propose to end %s: %s", session.id, error)
            except SessionUnknown:
                log.info("transcribe: %s is gone", session.id)

    def _reason(self, session: Session) -> str:
        settings = self._settings.tolerate(session.settings)
        now = self._clock.now()
        if session.spoken_on:
            return "idle" if now - session.last_frame_at >= settings.idle_timeout * 1000 else ""
        # The first proposal has its transcriber notice it.
        unstarted = not session.noticed_at or now - session.noticed_at >= settings.start_timeout * 1000
        return "not started" if unstarted else ""
