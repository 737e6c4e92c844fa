"""Whether the engines of this machine's settings serve a session's languages."""

from __future__ import annotations

from cli.explain import note
from cli.pipeline import Engines
from shared.errors import LowLatencyTranslateError, UnsupportedLanguage
from shared.sessions import Session
from shared.settings import Settings

_ENGINES = ("RECOGNISER", "TRANSLATOR", "SYNTHESIZER", "TRANSCRIBE_LANGUAGE_CODES", "POLLY_VOICES")


def warn_unserved(session: Session) -> None:
    """Says so where they do not: workers elsewhere may have others. Says nothing of engines that it cannot load."""
    try:
        Engines.load(Settings.load(only=_ENGINES)).check(session.source_language, session.target_languages)
    except UnsupportedLanguage as error:
        note(f"warning: {error}; workers with the same engines will fail there")
    except LowLatencyTranslateError:
        return
