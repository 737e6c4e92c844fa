"""When a take says that its recogniser has heard on without a new hypothesis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from processors.transcribe.hypotheses import Hypotheses
from processors.transcribe.recogniser import Recogniser, RecogniserEngine, decoded, lookahead
from shared.models import Silence

#: Audio (ms) between two silences of an utterance.
STEP = 500
#: Seconds of audio that wait to be fed beyond which a recogniser is fed faster than real time: a record holds 1 s.
_BACKLOG = 1.2
#: Seconds that a recogniser may need to accept a piece of audio, and for which one that took longer counts as behind.
_FEED_TIME, _BEHIND = 0.2, 2.0
#: Audio (ms) that a recogniser which is not behind may not have decoded yet.
_UNDECODED = 1000
#: Lookahead (s) of an engine that states none.
_LOOKAHEAD = 1.5


class Silences:
    """Says, while an utterance of one take is open, up to where there is nothing new.

    An engine that tells what it has decoded is believed. Of another, audio counts as heard one lookahead behind what
    was fed, as long as that comes in real time and is quiet: a dead stream accepts audio for ever.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        engine: RecogniserEngine,
        hypotheses: Hypotheses,
        pause: float,
        publish: Callable[[Silence], None],
    ) -> None:
        self._recogniser = recogniser
        self._hypotheses = hypotheses
        self._publish = publish
        #: Words follow one another within this time (ms), so that speech costs no silences.
        self._first = max(STEP, round(pause * 1000) - STEP)
        self._pause = pause
        self._lookahead = round((lookahead(engine) or _LOOKAHEAD) * 1000)
        self._behind_until = 0.0
        self._loud = False

    def on_hypothesis(self) -> None:
        """A hypothesis came."""
        self._loud = False

    def on_fed(self, *, loud: bool, waiting: float, took: float) -> None:
        """A piece was fed, which took so many s, with so many s of audio behind it."""
        self._loud |= loud
        if waiting > _BACKLOG or took > _FEED_TIME:
            self._behind_until = asyncio.get_running_loop().time() + _BEHIND

    def check(self, position: int) -> None:
        """Emits what silence there is with audio fed up to `position` (audio time, ms)."""
        if self._hypotheses.open_start is None:
            return
        known = decoded(self._recogniser)
        if known is not None:
            self._emit(min(self._hypotheses.origin + known, position))
        elif not self._loud and asyncio.get_running_loop().time() >= self._behind_until:
            self._emit(position - self._lookahead)

    def at_tip(self, position: int, tip: float | None, fed_at: float) -> None:
        """No audio waits behind `position` (audio time, ms), which was fed at loop time `fed_at` (s).

        Nothing more had arrived up to `tip`: where that is a pause, a muted speaker is as silent as a quiet one.
        """
        silent = 0.0 if tip is None else tip - fed_at
        known = decoded(self._recogniser)
        behind = known is not None and self._hypotheses.origin + known < position - _UNDECODED
        # One that is behind has until the pause is twice as long.
        if silent >= self._pause * (1 + behind):
            self._emit(position + round(silent * 1000))

    def _emit(self, position: int) -> None:
        silence = self._hypotheses.silence(position, self._first, STEP)
        if silence is not None:
            self._publish(silence)
