"""What is said of an engine before it is imported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_TARGET = re.compile(r"\w+(\.\w+)*:\w+")


class EngineKind(StrEnum):
    """What an engine does. In capitals it is the setting that chooses one."""

    RECOGNISER = "recogniser"
    TRANSLATOR = "translator"
    SYNTHESIZER = "synthesizer"

    @property
    def setting(self) -> str:
        """The environment name of the setting."""
        return self.upper()


class Check(StrEnum):
    """What `llt doctor` looks at."""

    #: Whether the engine can be made, and which languages it has.
    ENGINE = "engine"
    #: Where it is chosen, whether there are credentials of AWS.
    AWS_CREDENTIALS = "AWS credentials"


#: What each field is, and how that is said: packages that add engines need not be typed.
_FIELDS: Mapping[str, tuple[type, str]] = {
    "kind": (EngineKind, "an EngineKind"),
    "name": (str, "a text"),
    "target": (str, "a text"),
    "packages": (tuple, "a tuple"),
    "extra": (str, "a text"),
    "offline": (bool, "True or False"),
    "argument": (str, "a text"),
    "checks": (tuple, "a tuple"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One engine: what it goes by, where its class is, and what it takes to run. A wrong field is a ValueError."""

    kind: EngineKind
    #: What the setting calls it: small letters, digits, hyphens and underscores.
    name: str
    #: "module:Class"; the class inherits RecogniserEngine, Translator or Synthesizer. Imported when it is chosen.
    target: str
    #: Modules that it imports and that have to be installed for it.
    packages: tuple[str, ...] = ()
    #: The extra of low-latency-translate that brings them; empty where they come by their own names.
    extra: str = ""
    #: Whether it works without a network.
    offline: bool = True
    #: What stands behind its name and a colon, such as PATH for scripted:PATH; empty where nothing does.
    argument: str = ""
    checks: tuple[Check, ...] = (Check.ENGINE,)

    def __post_init__(self) -> None:
        for field, (expected, called) in _FIELDS.items():
            given = getattr(self, field)
            if not isinstance(given, expected):
                raise ValueError(f"{field}={given!r}: expected {called}")  # noqa: TRY004 (one error for every field)
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name={self.name!r}: expected small letters, digits, hyphens and underscores")
        if not _TARGET.fullmatch(self.target):
            raise ValueError(f"target={self.target!r}: expected module:Class")

    @property
    def form(self) -> str:
        """How it is chosen: its name, or the name with what stands behind it."""
        return f"{self.name}:{self.argument}" if self.argument else self.name
