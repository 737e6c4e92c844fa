"""The session's item: the only state of a session that outlives a process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.errors import SettingError
from shared.models import Segment, Word

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
#: The fields that are whole numbers.
_WHOLE = (
    "started_at",
    "rate",
    "noticed_at",
    "proposed_at",
    "take",
    "given_back",
    "heard",
    "last_frame_at",
    "number",
    "frontier",
    "epoch",
)
#: Target languages of a session, and characters of each, at most: with the longest id it is a key that streams take.
MAX_LANGUAGES = 100
LONGEST_LANGUAGE = 64
#: Where a session's epochs begin: every attempt counted from it is above the epoch ms that attempts once were.
FIRST_EPOCH = 2_000_000
#: How long (ms) a proposal to end a session keeps others from making one; a clock that is wrong keeps nobody longer.
PROPOSAL_STANDS = 60_000


class SessionState(StrEnum):
    """A session is open until transcribe has published its end."""

    OPEN = "open"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One speaker's broadcast.

    `started_at` (epoch ms) is the origin of the producer's clock, set at the first write and 0 until then; `rate` is
    the audio's samples a second.
    It has 100 target languages at most, of 64 characters each.
    `settings` overrides the process's settings by their environment names. `wanted` narrows the target
    languages that are translated; None means all. Tokens are stored as SHA-256 hex digests.
    """

    id: str
    source_language: str
    target_languages: tuple[str, ...]
    started_at: int = 0
    rate: int = 16000
    owner: str = ""
    publish_token_hash: str = ""
    listen_token_hash: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    wanted: tuple[str, ...] | None = None
    state: SessionState = SessionState.OPEN
    #: Epoch ms, by the audio stream's clock, at which a worker first saw that nobody speaks on it yet; 0 before.
    noticed_at: int = 0
    #: Epoch ms at which its end was proposed last, by the proposer's clock.
    proposed_at: int = 0
    #: The newest take that a transcribe worker has opened.
    take: int = 0
    #: The take whose worker has stopped in good order: whoever waits for the session may open the next at once.
    given_back: int = 0
    #: Audio time (ms) up to which finals are published.
    heard: int = 0
    #: Epoch ms, by the audio stream's clock, of the newest frame's arrival; written every 10 s.
    last_frame_at: int = 0
    #: The last claimed segment's number and the audio time (ms) up to which words are committed.
    number: int = 0
    frontier: int = 0
    #: The last committed words, newest last.
    words: tuple[Word, ...] = ()
    #: The last claim and every earlier one not yet published.
    claimed: tuple[Segment, ...] = ()
    #: Rises with every start of a synthesize operator: the attempts of a later one are above those of an earlier one.
    epoch: int = FIRST_EPOCH

    @property
    def spoken_on(self) -> bool:
        """Whether a frame of it has come, as far as its transcriber has written."""
        return bool(self.take or self.last_frame_at)

    def __post_init__(self) -> None:
        check_session_id(self.id)
        for name in _WHOLE:
            if not isinstance(value := getattr(self, name), int):
                # Not every store could keep it.
                raise SettingError(f"session {self.id}: expected a whole number as {name}, got {value!r}")
        if not 8000 <= self.rate <= 48000:
            raise SettingError(f"session {self.id}: expected a rate of 8000-48000 Hz, got {self.rate}")
        if len(self.target_languages) > MAX_LANGUAGES:
            count = len(self.target_languages)
            raise SettingError(f"session {self.id}: expected at most {MAX_LANGUAGES} target languages, got {count}")
        for language in (self.source_language, *self.target_languages):
            if not 0 < len(language) <= LONGEST_LANGUAGE:
                raise SettingError(
                    f"session {self.id}: expected languages of 1-{LONGEST_LANGUAGE} characters, "
                    f"got one of {len(language)}"
                )


def is_session_id(text: str) -> bool:
    """Whether a session may have this id."""
    return _ID.fullmatch(text) is not None


def check_session_id(text: str) -> None:
    """Raises SettingError, which says what an id may be, where no session may have this one."""
    if not is_session_id(text):
        raise SettingError(
            f"session id {text!r}: expected 1-128 letters, digits, '_', '-' or '.', the first a letter or digit"
        )


def token_hash(token: str) -> str:
    """What the item keeps of a publish or listen token."""
    return hashlib.sha256(token.encode()).hexdigest()
