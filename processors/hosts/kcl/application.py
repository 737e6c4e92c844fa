"""One application of the Kinesis Client Library: a stage, or several fused, on the streams of one prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from processors.stages import STAGES
from shared.errors import SettingError
from shared.settings import Settings

#: What KCL adds to an application's name for the tables it makes beside the lease table.
_TABLES = ("", "-CoordinatorState", "-WorkerMetricStats")


@dataclass(frozen=True, slots=True)
class Application:
    """Names what belongs to one application; its name is its lease table's too."""

    stages: tuple[str, ...]
    stream_prefix: str
    table_prefix: str = ""

    @classmethod
    def of(cls, stages: str, settings: Settings) -> Self:
        """The application of `stability` or `stability+dedup`; raises SettingError for stages that do not follow."""
        names = tuple(stages.split("+"))
        if names not in FUSIONS:
            raise SettingError(
                f"{stages}: expected a stage, or several that follow one another such as stability+dedup; "
                f"they are {', '.join(STAGES)}"
            )
        return cls(names, settings.stream_prefix, settings.table_prefix)

    @property
    def name(self) -> str:
        """The application's name; a table's name may hold no plus sign."""
        return f"{self.table_prefix}{self.stream_prefix}-{'.'.join(self.stages)}"

    @property
    def label(self) -> str:
        """What a user calls it: `stability+dedup`."""
        return "+".join(self.stages)

    @property
    def stream(self) -> str:
        """The Kinesis stream that it reads."""
        return f"{self.stream_prefix}-{STAGES[self.stages[0]]}"

    @property
    def tables(self) -> tuple[str, ...]:
        """The DynamoDB tables that KCL keeps for it, the lease table first."""
        return tuple(self.name + suffix for suffix in _TABLES)


_NAMES = tuple(STAGES)
#: Every run of stages that one application may hold.
FUSIONS = tuple(_NAMES[first:last] for first in range(len(_NAMES)) for last in range(first + 1, len(_NAMES) + 1))


def applications(settings: Settings) -> list[Application]:
    """Every application that there may be on the settings' prefixes."""
    return [Application(stages, settings.stream_prefix, settings.table_prefix) for stages in FUSIONS]
