"""Every engine there is, by kind and name: this project's, and those that installed packages add."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

from processors.engines.built_in import BUILT_IN
from processors.engines.engine import Engine
from processors.engines.spec import EngineKind, EngineSpec
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe.recogniser import RecogniserEngine
from processors.translate.translator import Translator
from shared import DISTRIBUTION
from shared.errors import EngineUnavailable, SettingError
from shared.extras import PYTHON, left_out
from shared.remedies import install_extra, pip_install
from shared.settings import Settings

log = logging.getLogger(__name__)

#: The entry points by which an installed package adds engines: each leads to an EngineSpec or a list of them.
GROUP = "low_latency_translate.engines"
_INTERFACES: Mapping[EngineKind, type] = {
    EngineKind.RECOGNISER: RecogniserEngine,
    EngineKind.TRANSLATOR: Translator,
    EngineKind.SYNTHESIZER: Synthesizer,
}


class EngineRegistry:
    """Finds and makes engines. Installed packages are looked through when a name is asked for that is not built in."""

    def __init__(self, built_in: Iterable[EngineSpec] = BUILT_IN) -> None:
        self._built_in = {(spec.kind, spec.name): spec for spec in built_in}

    def known(self, kind: EngineKind) -> Sequence[EngineSpec]:
        """The engines of a kind: first this project's, then those of other packages by the packages' names."""
        return [spec for spec in (*self._built_in.values(), *self._added) if spec.kind is kind]

    @property
    def refused(self) -> Sequence[tuple[str, str]]:
        """The packages whose engines, or some of them, cannot be had, each with the reason."""
        return self._installed[1]

    def find(self, kind: EngineKind, choice: str) -> EngineSpec | None:
        """The engine that `choice`, a value of the kind's setting, stands for; None where there is none."""
        name, _, argument = choice.partition(":")
        spec = self._built_in.get((kind, name)) or next((spec for spec in self.known(kind) if spec.name == name), None)
        if spec is None or (not argument if spec.argument else choice != name):
            return None
        return spec

    def load(self, kind: EngineKind, choice: str, settings: Settings) -> Any:
        """The engine that `choice` stands for, imported now, as the settings want it.

        Raises SettingError where there is none, EngineUnavailable where it is not installed, and what making it raises:
        SettingError for a setting of no use to it, SetupError where something that it needs is missing.
        """
        spec = self.find(kind, choice)
        if spec is None:
            raise SettingError(f"{kind.setting}={choice}: expected {self._expected(kind)}")
        try:
            for package in spec.packages:
                if find_spec(package) is None:
                    raise _missing(spec, package)
            engine: Any = _class_of(spec).from_settings(settings, choice.partition(":")[2])
        except ModuleNotFoundError as error:
            if error.name is None:
                raise
            raise _missing(spec, error.name) from None
        # One that inherits another's name would be given the other's translations, from a cache that they share.
        if kind is EngineKind.TRANSLATOR and engine.name != spec.name:
            raise EngineUnavailable(f"the translator {spec.name}: expected that its name says so, got {engine.name!r}")
        return engine

    def _expected(self, kind: EngineKind) -> str:
        specs = self.known(kind)
        # What stands for an argument is not to be taken literally, as "one of" would have it.
        if any(spec.argument for spec in specs):
            return listed(specs)
        return f"one of {', '.join(spec.name for spec in specs)}"

    @property
    def _added(self) -> Sequence[EngineSpec]:
        return self._installed[0]

    @cached_property
    def _installed(self) -> tuple[Sequence[EngineSpec], Sequence[tuple[str, str]]]:
        """The engines of other packages, and what of them is refused: a broken one keeps none of the others away."""
        owners = dict.fromkeys(self._built_in, DISTRIBUTION)
        added: list[EngineSpec] = []
        refused: list[tuple[str, str]] = []

        def refuse(error: BaseException) -> None:
            why = f"{entry.name} = {entry.value}: {type(error).__name__}: {error}"
            refused.append((package, why))
            log.warning("the package %s lacks an engine, for its entry point is broken: %s", package, why)

        for entry in sorted(entry_points(group=GROUP), key=lambda entry: (_package(entry), entry.name)):
            package = _package(entry)
            try:
                given = entry.load()
            except (Exception, SystemExit) as error:
                refuse(error)
                continue
            for spec in given if isinstance(given, list | tuple) else [given]:
                if not isinstance(spec, EngineSpec):
                    refuse(TypeError(f"expected an EngineSpec or a list of them, got {type(spec).__name__}"))
                elif owner := owners.get((spec.kind, spec.name)):
                    refuse(ValueError(f"{spec.kind} {spec.name}: expected a name that {owner} has not taken"))
                else:
                    owners[spec.kind, spec.name] = package
                    added.append(spec)
        return added, refused


def listed(specs: Iterable[EngineSpec]) -> str:
    """How they are chosen, for a sentence: `a, b or c:PATH`."""
    *others, last = [spec.form for spec in specs]
    return f"{', '.join(others)} or {last}" if others else last


def _package(entry: EntryPoint) -> str:
    package = entry.dist
    # What is left of a package that was not wholly removed has no name.
    return package.name if package is not None and "Name" in package.metadata else entry.value.partition(":")[0]


def _class_of(spec: EngineSpec) -> type[Engine]:
    module, _, name = spec.target.partition(":")
    interface = _INTERFACES[spec.kind]
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise EngineUnavailable(
            f"the {spec.kind} {spec.name} is to be in {module}, and there is no {error.name}"
        ) from None
    if not (isinstance(found, type) and interface in found.__mro__):
        got = "nothing" if found is None else repr(found)
        raise EngineUnavailable(
            f"the {spec.kind} {spec.name}: expected a class that inherits {interface.__name__} at {spec.target}, "
            f"got {got}"
        )
    return found


def _missing(spec: EngineSpec, module: str) -> EngineUnavailable:
    package = module.partition(".")[0]
    if module != package and find_spec(package):
        # To install what is there would bring nothing, or a stranger's package of this name.
        return EngineUnavailable(f"the {spec.kind} {spec.name} imports {module}, and {package} is there without it")
    name = package.replace("_", "-")
    needs = f"the {spec.kind} {spec.name} needs the package {name}"
    if not spec.extra:
        return EngineUnavailable(f"{needs}: {pip_install(name)}")
    if left_out(spec.extra, name):
        return EngineUnavailable(f"{needs}, which the extra {spec.extra} leaves out on Python {PYTHON}")
    return EngineUnavailable(f"{needs}, of the extra {spec.extra}: {install_extra(spec.extra)}")


#: The engines of this process.
ENGINES = EngineRegistry()
