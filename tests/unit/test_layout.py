"""The house rules: imports run one way."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "producers", "processors", "sinks", "cli")
STAGES = ("transcribe", "stability", "dedup", "translate", "synthesize")

#: Package -> the packages of this project that it may import, and the libraries (None: any).
MAY_IMPORT: dict[str, tuple[set[str], set[str] | None]] = {
    "shared": ({"shared"}, {"orjson", "boto3", "botocore", "prometheus_client", "regex"}),
    "producers": ({"shared", "producers"}, {"orjson", "boto3", "botocore", "av", "numpy", "sounddevice", "soxr"}),
    "sinks": ({"shared", "sinks"}, {"orjson", "boto3", "botocore", "regex", "wcwidth"}),
    "processors": ({"shared", "processors"}, None),
    "cli": (set(PACKAGES), None),
}


class Import(NamedTuple):
    module: str
    name: str


def imports(path: Path) -> Iterator[Import]:
    """Every import of the file, wherever in it; `import a.b` has no name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: expected absolute imports"
            yield from (Import(node.module or "", alias.name) for alias in node.names)


def sources(*folder: str) -> list[Path]:
    return sorted(ROOT.joinpath(*folder).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    own, libraries = MAY_IMPORT[package]
    found = sources(package)
    assert found
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in found
        for module, _ in imports(path)
        if (top := module.partition(".")[0]) not in own
        and (top in (*PACKAGES, "tests") or (libraries is not None and top not in libraries | sys.stdlib_module_names))
    ]
    assert not wrong


def test_only_the_prometheus_metrics_import_prometheus() -> None:
    users = {path.name for path in sources("shared") for found in imports(path) if found.module == "prometheus_client"}
    assert users == {"prometheus.py"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_host_no_stream_and_no_other_stage(stage: str) -> None:
    found = sources("processors", stage)
    assert found
    others = tuple(f"processors.{other}" for other in ("hosts", *STAGES) if other != stage)
    wrong = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in found
        for module, name in imports(path)
        if module.startswith(others)
        or (module.startswith("shared.streams") and name != "StreamName")
        or (module.partition(".")[0] in ("boto3", "botocore") and "engines" not in path.parts)
    ]
    assert not wrong
