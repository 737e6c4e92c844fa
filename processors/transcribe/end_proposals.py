"""Proposals to end a session that seems idle: its own transcriber, who reads its audio, decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processors.contract import Context, Input
from shared.settings import Settings

#: Seconds at the tip behind a proposal in which no frame may come: what a speaker's client has kept may be on its way.
_TIME_AT_TIP = 10.0
#: Seconds between two checks of the tip.
_POLL_INTERVAL = 1.0


class EndProposals:
    """Confirms a proposal, by a call of `on_confirmed`, or rejects and acks it; in order with the session's frames.

    A proposal is right where the session was silent for long when it arrived, both by the audio stream's clock, and no
    frame comes while the reader is at the tip behind it.
    """

    def __init__(self, context: Context, settings: Settings, on_confirmed: Callable[[Input], None]) -> None:
        self._context = context
        self._idle = round(settings.idle_timeout * 1000)
        self._unstarted = round(settings.start_timeout * 1000)
        self._on_confirmed = on_confirmed
        self._newest = 0
        self._pending: Input | None = None

    def on_frame(self, arrived_at: int) -> None:
        """A frame came: somebody speaks."""
        self._newest = max(self._newest, arrived_at)
        if self._pending is not None:
            self.reject()

    def reject(self) -> None:
        """Nothing comes of the pending proposal."""
        if self._pending is not None:
            self._context.ack(self._pending)
            self._pending = None

    async def consider(self, proposal: Input) -> None:
        """Rejects a proposal; where it may be right, it is pending until the tip has shown that it is."""
        if self._pending is None and await self._may_be_right(proposal.arrived_at):
            self._pending = proposal
            self._context.spawn(self._wait(proposal, asyncio.get_running_loop().time() + _TIME_AT_TIP))
        else:
            self._context.ack(proposal)

    async def _may_be_right(self, arrived_at: int) -> bool:
        if self._newest:
            return arrived_at - self._newest >= self._idle
        item = await self._context.store.load(self._context.key)
        if item.spoken_on:
            if not item.last_frame_at:
                await self._context.store.touch(item.id, arrived_at)
                return False
            return arrived_at - item.last_frame_at >= self._idle
        if not item.noticed_at:
            await self._context.store.notice(item.id, arrived_at)
            return False
        return arrived_at - item.noticed_at >= self._unstarted

    async def _wait(self, proposal: Input, until: float) -> None:
        while self._pending is proposal:
            tip = self._context.tip
            if tip is not None and tip >= until:
                self._pending = None
                self._on_confirmed(proposal)
                return
            await asyncio.sleep(_POLL_INTERVAL)
