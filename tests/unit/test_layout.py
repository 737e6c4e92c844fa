"""This project's rules: imports run one way, and what is shipped lacks nothing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.hermetic

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
STAGES = ("transcribe", "stability", "dedup", "translate", "synthesize")
#: What the wheel holds.
SHIPPED = {pattern.rstrip("*") for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}

#: What an engine is to whoever holds one.
INTERFACES = {
    "processors.transcribe.recogniser",
    "processors.translate.translator",
    "processors.synthesize.synthesizer",
}
#: Top-level package -> the packages, or modules, of this project that it may import, and the libraries (None: any).
#: A folder that is not here holds no Python but `tests`, which may import everything and which nobody imports; one
#: within another has rules of its own.
MAY_IMPORT: dict[str, tuple[set[str], set[str] | None]] = {
    "shared": ({"shared"}, {"orjson", "boto3", "botocore", "prometheus_client", "regex"}),
    "producers": ({"shared", "producers"}, {"orjson", "boto3", "botocore", "av", "numpy", "sounddevice", "soxr"}),
    "sinks": ({"shared", "sinks"}, {"orjson", "boto3", "botocore", "regex", "wcwidth"}),
    "processors": ({"shared", "processors"}, None),
    "emulators": (
        {"shared", "emulators", *INTERFACES},
        {"aiohttp", "av", "botocore", "h2", "localstack_client", "numpy", "orjson", "soundfile", "soxr", "trustme"},
    ),
    "cli": ({"shared", "producers", "processors", "sinks", "emulators", "cli"}, None),
    # `localstack` is that of the environment in which LocalStack runs.
    "infra": ({"shared", "emulators", "infra"}, {"localstack", "psutil"}),
    # It shows what they are in the documents.
    "infra/docs": ({"shared", "sinks", "cli", "infra.docs"}, {"rich", "typer"}),
    "examples": ({"shared", "producers", "processors", "sinks"}, None),
}
#: What comes with a library that pyproject.toml names, or is imported by another name: import -> distribution.
BROUGHT_BY = {
    "amazon_kclpy": "amazon-kclpy",
    "awscrt": "amazon-transcribe",
    "botocore": "boto3",
    "dotenv": "python-dotenv",
    "urllib3": "boto3",
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


def top_level_packages() -> set[str]:
    """The folders of the checkout that hold Python."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return {path.name for path in folders if any(path.rglob("*.py"))} - {"build", "out"}


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_there_is_a_rule_for_every_top_level_package() -> None:
    assert top_level_packages() - {"tests"} <= MAY_IMPORT.keys()
    assert top_level_packages() >= SHIPPED


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    own, libraries = MAY_IMPORT[package]
    with_rules = [ROOT / other for other in MAY_IMPORT if other.startswith(f"{package}/")]
    found = [path for path in sources(package) if not any(path.is_relative_to(other) for other in with_rules)]
    assert found
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in found
        for module, name in imports(path)
        if not (within(module, own) or within(f"{module}.{name}", own))
        and (
            (top := module.partition(".")[0]) in {*MAY_IMPORT, "tests"}
            or (libraries is not None and top not in libraries | sys.stdlib_module_names)
        )
    ]
    assert not wrong


def test_no_files_import_each_other_in_a_circle() -> None:
    modules = {dotted(path): path for package in SHIPPED for path in sources(package)}
    needs = {
        module: {found for found in loaded_with(path, modules.keys()) if found != module}
        for module, path in modules.items()
    }
    # Raises CycleError, which names them.
    assert {*TopologicalSorter(needs).static_order()} == modules.keys()


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def run_at_load(node: ast.AST) -> Iterator[ast.AST]:
    """What runs as a module is loaded: functions do later, and what types alone need never does."""
    for child in ast.iter_child_nodes(node):
        for_types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not for_types and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from run_at_load(child)


def loaded_with(path: Path, modules: Collection[str]) -> Iterator[str]:
    """Those of the modules that the file imports as it is loaded."""
    for node in run_at_load(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from {whole if whole in modules else str(node.module)} & set(modules)
        elif isinstance(node, ast.Import):
            yield from {alias.name for alias in node.names} & set(modules)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_shipped_imports_nothing_that_is_not() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    lines = PROJECT["project"]["dependencies"] + [
        line for extra, lines in extras.items() if extra != "dev" for line in lines
    ]
    named = {canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for package in SHIPPED
        for path in sources(package)
        for module, _ in imports(path)
        if (top := module.partition(".")[0]) not in SHIPPED | sys.stdlib_module_names | {"_typeshed"}
        and canonical(BROUGHT_BY.get(top, top)) not in named
    ]
    assert not wrong


def test_what_is_shipped_names_no_file_or_module_that_is_not() -> None:
    """Paths, `python -m`, and modules that are imported by their names."""
    left_out = "|".join(sorted(top_level_packages() - SHIPPED))
    named = re.compile(rf"(?<![\w./-])(?:{left_out})[./]\w")
    wrong = [
        f"{path.relative_to(ROOT)}: {node.value}"
        for package in SHIPPED
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and named.search(node.value)
    ]
    assert not wrong


def test_only_the_prometheus_metrics_import_prometheus() -> None:
    users = {path.name for path in sources("shared") for found in imports(path) if found.module == "prometheus_client"}
    assert users == {"prometheus.py"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_host_no_stream_and_no_other_stage(stage: str) -> None:
    found = sources("processors", stage)
    assert found
    others = {f"processors.{other}" for other in ("hosts", *STAGES) if other != stage}
    wrong = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in found
        for module, name in imports(path)
        if within(f"{module}.{name}", others)
        or (within(f"{module}.{name}", {"shared.streams"}) and name != "StreamName")
        or (module.partition(".")[0] in ("boto3", "botocore") and "engines" not in path.parts)
    ]
    assert not wrong


def test_a_host_imports_no_stage() -> None:
    stages = {f"processors.{stage}" for stage in STAGES}
    wrong = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in sources("processors", "hosts")
        for module, name in imports(path)
        if within(f"{module}.{name}", stages)
    ]
    assert not wrong


def test_no_file_is_longer_than_300_lines() -> None:
    found = [path for package in top_level_packages() for path in sources(package)]
    assert found
    assert not [path for path in found if len(path.read_text(encoding="utf-8").splitlines()) > 300]
