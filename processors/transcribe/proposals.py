"""Proposals to end a session that seems forgotten: its own transcriber, who reads its audio, decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processors.contract import Context, Input
from shared.settings import Settings

#: Seconds at the tip behind a proposal in which no frame may come: what a speaker's client has kept may be on its way.
_AT_TIP = 10.0
#: Seconds between two looks at the tip.
_LOOK_EVERY = 1.0


class Proposals:
    """Takes proposals in order with the session's frames; confirms one, by a call of `on_confirmed`, or releases it.

    A proposal stands where the session was silent for long when it arrived, both by the audio stream's clock, and no
    frame comes while the reader stands at the tip behind it.
    """

    def __init__(self, context: Context, settings: Settings, on_confirmed: Callable[[Input], None]) -> None:
        self._context = context
        self._idle = round(settings.idle_timeout * 1000)
        self._unstarted = round(settings.start_timeout * 1000)
        self._on_confirmed = on_confirmed
        self._newest = 0
        self._standing: Input | None = None

    def frame(self, arrived_at: int) -> None:
        """A frame was taken: somebody speaks."""
        self._newest = max(self._newest, arrived_at)
        if self._standing is not None:
            self.reject()

    def reject(self) -> None:
        """Nothing comes of the proposal that stands."""
        if self._standing is not None:
            self._context.ack(self._standing)
            self._standing = None

    async def judge(self, proposal: Input) -> None:
        """Takes a proposal; where it may be right, it stands until the tip has shown that it is."""
        if self._standing is None and await self._may_be_right(proposal.arrived_at):
            self._standing = proposal
            self._context.spawn(self._wait(proposal, asyncio.get_running_loop().time() + _AT_TIP))
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
        while self._standing is proposal:
            tip = self._context.tip
            if tip is not None and tip >= until:
                self._standing = None
                self._on_confirmed(proposal)
                return
            await asyncio.sleep(_LOOK_EVERY)
