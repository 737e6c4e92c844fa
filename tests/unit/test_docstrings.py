"""This project's rules: whatever is public says what it is, or overrides what says so; nothing only points elsewhere."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "producers", "sinks", "processors", "cli", "emulators", "infra")
POINTER = re.compile(r"See [\w.`]+\.?")


def modules(package: str) -> Iterator[str]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if path.name != "__main__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(name: str) -> ModuleType | None:
    """The module; None where it wants a package that is not here, as what runs in LocalStack itself does."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def undocumented(module: ModuleType) -> Iterator[str]:
    """The public names that the module defines and that say nothing."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if (inspect.isclass(value) or inspect.isfunction(value)) and not said(value):
            yield f"{module.__name__}.{name}"
        if inspect.isclass(value):
            yield from (
                f"{module.__name__}.{name}.{member}" for member in members(value) if not member_said(value, member)
            )


def members(owner: type) -> Iterator[str]:
    """The public methods and properties that the class itself defines."""
    for name, value in vars(owner).items():
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if not name.startswith("_") and (
            inspect.isfunction(function) or isinstance(function, property | cached_property)
        ):
            yield name


def said(value: Any) -> bool:
    doc = value.__doc__ or ""
    # What dataclasses and enums write themselves says nothing.
    return bool(doc) and not doc.startswith(f"{value.__name__}(")


def member_said(owner: type, name: str) -> bool:
    """Whether the member says something, or one of those that it overrides does."""
    return any(getattr(vars(base).get(name), "__doc__", None) for base in owner.__mro__ if base is not object)


@pytest.mark.system
@pytest.mark.parametrize("package", PACKAGES)
def test_whatever_is_public_says_what_it_is_or_overrides_what_does(package: str) -> None:
    found = [module for name in modules(package) if (module := imported(name)) is not None]
    assert found
    assert not [name for module in found for name in undocumented(module)]


@pytest.mark.hermetic
@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_holds(package: str) -> None:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found
    assert not [path for path in found if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]


@pytest.mark.hermetic
@pytest.mark.parametrize("package", PACKAGES)
def test_no_docstring_only_points_to_another(package: str) -> None:
    docs = (
        (path.relative_to(ROOT), ast.get_docstring(node) or "")
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert not [f"{path}: {doc}" for path, doc in docs if POINTER.fullmatch(doc)]
