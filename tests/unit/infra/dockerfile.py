"""What the Dockerfile says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]


class Instruction(NamedTuple):
    name: str
    value: str


def instructions() -> list[Instruction]:
    """The Dockerfile's instructions in order, continued lines joined, without comments."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in lines if line.strip()]


def values(name: str) -> list[str]:
    """The values of one kind of instruction."""
    return [found.value for found in instructions() if found.name == name]


def environment() -> dict[str, str]:
    """What ENV sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(values("ENV"))))
