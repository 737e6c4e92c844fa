"""What is checked and told of a recording, and of the engines that are to hear it, before it is played."""

from __future__ import annotations

import os
from math import ceil

from cli.errors import note
from processors.engines.engines import Engines
from producers.sources import RecordingSource
from shared.errors import LowLatencyTranslateError, SettingError, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings


class RecordingWarnings:
    """Warns, of each thing once, where a recording holds less than it says, or something that cannot be read."""

    def __init__(self, recording: RecordingSource) -> None:
        self._recording = recording
        self._told: set[str] = set()

    def emit(self) -> None:
        """To be called before it is played and once it was: some of it is known at the end alone."""
        recording = self._recording
        if recording.missing and recording.duration is not None:
            announced = recording.duration + recording.missing
            self._note("missing", f"is cut short: {recording.duration:.1f} s of {announced:.1f} s are there")
        if recording.skipped:
            self._note("skipped", f"has parts that cannot be read and were skipped: {recording.skipped}")

    def _note(self, kind: str, what: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            note(f"warning: {self._recording.name} {what}")


def check_length(recording: RecordingSource, settings: Settings, heard: float = 0.0) -> None:
    """Raises SettingError for one that cannot be heard whole in a session that was heard for `heard` s already."""
    if recording.duration is None:
        return
    longest = settings.max_session_length
    if (length := ceil(heard + recording.duration)) > longest:
        behind = f" behind {heard:.0f} s that the session has heard" if heard else ""
        raise SettingError(
            f"MAX_SESSION_LENGTH={longest:g}: expected at least {length} s, which {recording.name} lasts{behind}; "
            "set it higher, or cut the recording"
        )


def length_told(seconds: float | None) -> str:
    """How a length is shown behind what was done of it, such as ` of 12.5 s`; empty where nobody knows it."""
    return "" if seconds is None else f" of {seconds:.1f} s"


def warn_unserved(session: Session) -> None:
    """Says so where they do not: workers elsewhere may have others. Says nothing of engines that it cannot load."""
    # What an engine does not use may be anything in the environment of who only creates a session.
    given = {name: value for name, *_ in Settings().describe() if (value := os.environ.get(name))}
    try:
        Engines(Settings().tolerate(given)).check(session.source_language, session.target_languages)
    except UnsupportedLanguage as error:
        note(f"warning: {error}; workers with the same engines will fail there")
    except LowLatencyTranslateError:
        return
