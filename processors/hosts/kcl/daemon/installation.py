"""All that KCL's daemon needs on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from processors.hosts.kcl.daemon import jars
from processors.hosts.kcl.daemon.java import Java


@dataclass(frozen=True, slots=True)
class Installation:
    """A Java runtime and KCL's jars."""

    java: Java
    jars: tuple[Path, ...]

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """What is installed; raises SetupError where something is missing or not as it was when this was tested."""
        return cls(Java.find(environ), tuple(jars.checked()))

    def command(self, *options: str) -> list[str]:
        """How the daemon is started, with those options of Java; its own arguments follow."""
        return self.java.command(self.jars, *options)
