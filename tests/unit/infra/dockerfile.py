"""What the Dockerfile says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
#: The target that is built where none is named: the last one.
DEFAULT = "worker"


class Instruction(NamedTuple):
    name: str
    value: str


def instructions(target: str = DEFAULT) -> list[Instruction]:
    """What makes a target, in order, the stages that it is built from first; FROM only of the image behind them."""
    base, own = _stages()[target]
    return [*(instructions(base) if base in _stages() else [Instruction("FROM", base)]), *own]


def values(name: str, target: str = DEFAULT) -> list[str]:
    """The values of one kind of instruction."""
    return [found.value for found in instructions(target) if found.name == name]


def targets() -> list[str]:
    """The name of every stage, in order."""
    return list(_stages())


def pairs(value: str) -> dict[str, str]:
    """What an ARG or ENV sets."""
    return dict(re.findall(r"(\w+)=(\S+)", value))


def environment(target: str = DEFAULT) -> dict[str, str]:
    """What a container has in its environment."""
    arguments = pairs(" ".join(values("ARG", target)))
    return {
        name: re.sub(r"\$(\w+)", lambda found: arguments[found[1]], value)
        for name, value in pairs(" ".join(values("ENV", target))).items()
    }


def _stages() -> dict[str, tuple[str, list[Instruction]]]:
    """Each stage's base and instructions, by its name; continued lines are joined, and comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ").splitlines()
    found: dict[str, tuple[str, list[Instruction]]] = {}
    for instruction in (Instruction(*line.split(maxsplit=1)) for line in lines if line.strip()):
        if instruction.name == "FROM":
            base, name = instruction.value.split(" AS ")
            own: list[Instruction] = []
            found[name] = base, own
        else:
            own.append(instruction)
    return found
