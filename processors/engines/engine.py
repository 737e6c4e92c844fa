"""What the engines of every stage have in common."""

from __future__ import annotations

from typing import Protocol, Self

from shared.settings import Settings


class Engine(Protocol):
    """Made by the registry when it is chosen, and closed by whoever asked for it."""

    @classmethod
    def from_settings(cls, settings: Settings, argument: str) -> Self:
        """The engine as the settings want it; `argument` is what stands behind its name and a colon, mostly nothing.

        Raises SettingError for a setting of no use to it, EngineUnavailable or SetupError where something is missing.
        One that wants none of them need not define this.
        """
        return cls()

    async def close(self) -> None:
        """Gives up its resources; may be called again."""
