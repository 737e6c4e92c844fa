"""The settings that one session has of its own."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import SettingError
from shared.settings import Settings

#: What a stage or a producer asks a session for; every other setting is the process's.
OF_A_SESSION = frozenset(
    {
        "PARTIAL_RESULTS_ENABLED",
        "MIN_STABILITY_THRESHOLD",
        "MAX_BUFFER_TIMEOUT",
        "PAUSE_THRESHOLD",
        "ORPHAN_TIMEOUT",
        "MAX_RATE_PER_SECOND",
        "MAX_BUFFERED_SPEECH",
        "DEDUP_CACHE_TTL",
        "MAX_HOLD",
        "SPEECH_MAX_LAG",
        "IDLE_TIMEOUT",
        "MAX_SESSION_LENGTH",
        "TRANSLATION_CACHE",
        "OUTAGE_BUFFER",
    }
)


def overrides(pairs: Iterable[str], settings: Settings) -> dict[str, str]:
    """The settings in pairs such as `MAX_HOLD=20`; raises SettingError for one that no session can have."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingError(f"--setting {pair}: expected NAME=value")
        settings.override({name: value})
        if name not in OF_A_SESSION:
            raise SettingError(f"--setting {pair}: {name} is a process's setting, which no session can override")
        if name in found:
            raise SettingError(f"--setting {pair}: {name} is given twice")
        found[name] = value
    return found
