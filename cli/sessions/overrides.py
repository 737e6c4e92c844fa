"""The settings that one session has of its own."""

from __future__ import annotations

from collections.abc import Iterable

from processors.transcribe.engines.aws.request import check
from shared.errors import SettingError
from shared.settings import OF_A_SESSION, Settings


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
    check(settings.override(found))
    return found
