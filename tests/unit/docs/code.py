"""What the modules of the tree define, and import from each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache

from shared.metrics import Metric
from shared.settings import Settings
from tests.unit.docs.tree import ROOT

PACKAGES = ("shared", "producers", "processors", "sinks", "cli")
SETTINGS = {name for name, *_ in Settings().describe()}
METRICS = {metric.value: metric.name for metric in Metric}


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def bound(body: list[ast.stmt]) -> set[str]:
    """What the statements of a module or a class define."""
    defined = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)}
    return defined | {name.id for node in body for name in targets(node) if isinstance(name, ast.Name)}


def members(cls: ast.ClassDef) -> set[str]:
    """Its methods, its fields, and what its methods set on `self`."""
    statements = [node for node in ast.walk(cls) if isinstance(node, ast.Assign | ast.AnnAssign)]
    attributes = [target for node in statements for target in targets(node) if isinstance(target, ast.Attribute)]
    return bound(cls.body) | {
        attribute.attr
        for attribute in attributes
        if isinstance(attribute.value, ast.Name) and attribute.value.id == "self"
    }


@cache
def defined(path: str) -> frozenset[str]:
    """Every `name`, `Class` and `Class.member` of the module."""
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    return frozenset(bound(tree(path).body) | {f"{cls.name}.{member}" for cls in classes for member in members(cls)})


@cache
def classes() -> dict[str, set[str]]:
    """Every class of the tree, with its members."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in tree(str(path.relative_to(ROOT))).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] |= members(node)
    return found


def source_of(module: str, name: str = "") -> str | None:
    """The file of a module, or of what it is asked for by name where it is a package; None outside the tree."""
    folder = module.replace(".", "/")
    if name and (ROOT / folder / f"{name}.py").exists():
        return f"{folder}/{name}.py"
    if (ROOT / f"{folder}.py").exists():
        return f"{folder}.py"
    package = f"{folder}/__init__.py"
    if module.partition(".")[0] not in PACKAGES or not (ROOT / package).exists():
        return None
    for node in tree(package).body:
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return source_of(node.module or "", name)
    return package


@cache
def imported(path: str) -> frozenset[str]:
    """The files of the tree that a module imports from, wherever in it."""
    found = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    return frozenset(
        source
        for node in found
        for alias in node.names
        if (source := source_of(node.module or "", alias.name)) is not None
    )
