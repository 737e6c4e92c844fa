"""Whether the recognisers of a session get on with its audio, and what is done where they do not."""

from __future__ import annotations

from enum import Enum

from shared.models import Result

#: Seconds of audio that is not quiet after which a take without progress is replaced: speech has words in it sooner.
PATIENCE = (8.0, 16.0, 32.0)
#: Seconds of it that are noise or music, once so many takes have heard it.
NOISE = 60.0
#: Seconds of audio kept behind what a live recogniser was fed; and where it is loud and has no words, in case the
#: recogniser is not alive.
QUIET_KEPT = 10.0
_LOUD_KEPT = 60.0
#: Of stretches given up as noise, each so many'th opens another take: a stream may have died without a word.
_REOPENS = 10


class Verdict(Enum):
    """What is to become of a take."""

    GOING_ON = "it goes on"
    DROPPED = "it counts as dropped: another one hears its audio again"
    NOISE = "its audio is given up as noise, and it goes on with what follows"
    NOISE_REOPEN = "its audio is given up as noise, and another one goes on with what follows"


class Progress:
    """Follows the takes of a session, one after the other.

    Progress is `heard` moving, or a word that ends beyond the furthest of any take since `heard` last moved: to hear
    the overlap or the open utterance again is none, nor is an empty hypothesis. Positions are samples at `rate` Hz.
    """

    def __init__(self, rate: int, heard: int) -> None:
        self._rate = rate
        self._heard = heard
        #: The end (audio time, ms) of the furthest word since `heard` last moved.
        self._furthest = heard
        self._dropped = 0
        self._stretches = 0
        self._loud = 0
        self._loud_from: int | None = None

    @property
    def is_noise(self) -> bool:
        """Whether what the take hears counts as noise: takes enough have heard it, and it has no word of it either."""
        return self._dropped >= len(PATIENCE) and self._loud >= PATIENCE[0] * self._rate

    def in_doubt_from(self, position: int) -> int:
        """The sample from which on audio up to `position` may hold words that no recogniser has said."""
        return position if self._loud_from is None else self._loud_from

    def settled_until(self, position: int) -> int:
        """The sample up to which audio that was fed up to `position` is not needed, where no utterance is open."""
        quiet = position - round(QUIET_KEPT * self._rate)
        return max(min(quiet, self.in_doubt_from(quiet)), position - round(_LOUD_KEPT * self._rate))

    def opened(self) -> None:
        """Another take begins."""
        self._loud = 0
        self._loud_from = None

    def fed_loud(self, start: int, samples: int) -> Verdict:
        """A take was fed audio that is not quiet; says what is to become of it."""
        self._loud += samples
        if self._loud_from is None:
            self._loud_from = start
        replaced = self._dropped < len(PATIENCE)
        if self._loud < (PATIENCE[self._dropped] if replaced else NOISE) * self._rate:
            return Verdict.GOING_ON
        if replaced:
            self._dropped += 1
            return Verdict.DROPPED
        self._stretches += 1
        return Verdict.NOISE_REOPEN if self._stretches % _REOPENS == 0 else Verdict.NOISE

    def gave_up(self, heard: int) -> None:
        """Audio was given up as noise, which is no progress; `heard` (ms) may have moved by that."""
        self._heard = max(self._heard, heard)
        self._furthest = max(self._furthest, heard)
        self.opened()

    def said(self, result: Result, heard: int) -> bool:
        """Takes a recogniser's result, and `heard` (ms) as it then is; True where that is progress."""
        moved = heard > self._heard
        end = max((word.end for word in result.items if not word.is_punctuation), default=0)
        if not moved and end <= self._furthest:
            return False
        self._heard = max(self._heard, heard)
        self._furthest = self._heard if moved else end
        self._dropped = self._stretches = 0
        self.opened()
        return True
