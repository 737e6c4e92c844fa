"""Whether the recognisers of a session get on with its audio, and what is done where they do not."""

from __future__ import annotations

from enum import Enum

from shared.models import Result

#: Seconds of audio that is not quiet after which a take without progress is replaced: speech has words in it sooner.
NO_PROGRESS = (8.0, 16.0, 32.0)
#: Seconds of it that are noise or music, once so many takes have heard it.
NOISE = 60.0
#: Seconds of audio kept behind what a live recogniser was fed; and where it is loud and has no words, in case the
#: recogniser is not alive.
QUIET_KEPT = 10.0
_LOUD_KEPT = 60.0
#: Of stretches given up as noise, each so many'th opens another take: a stream may have died without a word.
_REOPENS = 10


class TakeAction(Enum):
    """What is to become of a take."""

    CONTINUE = "it goes on"
    DROP = "it counts as dropped: another one hears its audio again"
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
        self._drops = 0
        self._spans_given_up = 0
        self._loud_samples = 0
        self._loud_from: int | None = None

    @property
    def is_noise(self) -> bool:
        """Whether what the take hears counts as noise: takes enough have heard it, and it has no word of it either."""
        return self._drops >= len(NO_PROGRESS) and self._loud_samples >= NO_PROGRESS[0] * self._rate

    def unexplained_from(self, position: int) -> int:
        """The sample from which on audio up to `position` may hold words that no recogniser has said."""
        return position if self._loud_from is None else self._loud_from

    def unneeded_until(self, position: int) -> int:
        """The sample up to which audio that was fed up to `position` is not needed, where no utterance is open."""
        quiet = position - round(QUIET_KEPT * self._rate)
        return max(min(quiet, self.unexplained_from(quiet)), position - round(_LOUD_KEPT * self._rate))

    def on_opened(self) -> None:
        """Another take begins."""
        self._loud_samples = 0
        self._loud_from = None

    def on_loud_audio(self, start: int, samples: int) -> TakeAction:
        """A take was fed audio that is not quiet; says what is to become of it."""
        self._loud_samples += samples
        if self._loud_from is None:
            self._loud_from = start
        replaced = self._drops < len(NO_PROGRESS)
        if self._loud_samples < (NO_PROGRESS[self._drops] if replaced else NOISE) * self._rate:
            return TakeAction.CONTINUE
        if replaced:
            self._drops += 1
            return TakeAction.DROP
        self._spans_given_up += 1
        return TakeAction.NOISE_REOPEN if self._spans_given_up % _REOPENS == 0 else TakeAction.NOISE

    def on_given_up(self, heard: int) -> None:
        """Audio was given up as noise, which is no progress; `heard` (ms) may have moved by that."""
        self._heard = max(self._heard, heard)
        self._furthest = max(self._furthest, heard)
        self.on_opened()

    def on_result(self, result: Result, heard: int) -> bool:
        """Takes a recogniser's result, and `heard` (ms) as it then is; True where that is progress."""
        moved = heard > self._heard
        end = max((word.end for word in result.items if not word.is_punctuation), default=0)
        if not moved and end <= self._furthest:
            return False
        self._heard = max(self._heard, heard)
        self._furthest = self._heard if moved else end
        self._drops = self._spans_given_up = 0
        self.on_opened()
        return True
