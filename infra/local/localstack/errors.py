"""What may go wrong with LocalStack."""

from __future__ import annotations

from shared.errors import LowLatencyTranslateError


class LocalStackError(LowLatencyTranslateError):
    """LocalStack cannot be had; says why, and what to do."""


class LocalStackMissing(LocalStackError):
    """LocalStack is not installed; says how to install it."""


class PortInUse(LocalStackError):
    """Another program listens on LocalStack's port."""


class LocalStackFailed(LocalStackError):
    """LocalStack ended, or was not ready in time; carries the end of its own log."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(f"{reason}. The end of its log:\n{log}" if log else f"{reason}, and logged nothing.")
        #: The last lines that LocalStack logged.
        self.log = log
