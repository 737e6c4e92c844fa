"""What `llt doctor` looks at: one function a part, each giving its findings."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from emulators.localstack import described, endpoint, states, up
from processors.engines.registry import ENGINES
from processors.engines.spec import Check, EngineKind
from processors.hosts.kcl.daemon import jars
from processors.hosts.kcl.daemon.java import Java
from shared import DISTRIBUTION
from shared.aws import Aws
from shared.errors import LowLatencyTranslateError, SetupError
from shared.extras import PYTHON, Requirement, requirements
from shared.remedies import START_LOCALSTACK, install_extra
from shared.settings import Settings

#: The extras without which the demo cannot run; "" is what every installation has.
_NEEDED_EXTRAS = ("", "offline", "workers")
#: From so many on, languages are counted where a person reads.
_MANY = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is there or is missing; `remedy` says how to get it, `needed` that the demo needs it."""

    part: str
    name: str
    present: bool
    needed: bool
    detail: str
    remedy: str = ""
    #: The languages that an engine hears or speaks, or that it translates English into.
    languages: tuple[str, ...] = ()


def python() -> Iterator[Finding]:
    """The interpreter."""
    running = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "Python", present=True, needed=True, detail=f"{running}, {sys.executable}")


def packages() -> Iterator[Finding]:
    """The Python packages of each extra, with their versions."""
    extras: defaultdict[str, list[Requirement]] = defaultdict(list)
    for requirement in requirements():
        extras[requirement.extra].append(requirement)
    if not extras:
        how = install_extra("")
        yield Finding("packages", DISTRIBUTION, present=False, needed=True, detail="not installed", remedy=how)
    for extra, wanted in sorted(extras.items()):
        installed = {
            found.package: _version(found.package) or ("missing" if found.wanted else f"left out on Python {PYTHON}")
            for found in sorted(wanted, key=lambda found: found.package)
        }
        missing = "missing" in installed.values()
        yield Finding(
            "packages",
            extra or DISTRIBUTION,
            present=not missing,
            needed=extra in _NEEDED_EXTRAS,
            detail=", ".join(f"{name} {found}" for name, found in installed.items()),
            remedy=install_extra(extra) if missing else "",
        )


def engines(settings: Settings) -> Iterator[tuple[Finding, Any]]:
    """Each engine with what it reaches, and the engine itself, to be closed, where it could be made."""
    for kind in EngineKind:
        chosen = getattr(settings, kind)
        # One that takes an argument cannot be made without.
        names = (spec.name for spec in ENGINES.known(kind) if Check.ENGINE in spec.checks and not spec.argument)
        for name in dict.fromkeys((chosen, *names)):
            needed = name == chosen
            engine = None
            try:
                engine = ENGINES.load(kind, name, settings)
                finding = _engine(kind, name, engine, needed=needed)
            except Exception as error:
                # What an engine of another package raises may say little without its name.
                why = str(error) if isinstance(error, LowLatencyTranslateError) else f"{type(error).__name__}: {error}"
                finding = Finding(kind, name, present=False, needed=needed, detail="not usable", remedy=why)
            yield finding, engine


def engine_packages() -> Iterator[Finding]:
    """The installed packages that were to add engines, and do not."""
    for package, why in ENGINES.refused:
        yield Finding("engines", package, present=False, needed=False, detail="not usable", remedy=why)


def _engine(kind: EngineKind, name: str, engine: Any, *, needed: bool) -> Finding:
    translates = kind is EngineKind.TRANSLATOR
    languages = tuple(sorted(engine.targets("en") if translates else engine.languages()))
    listed = ", ".join(languages) if len(languages) < _MANY else f"{len(languages)} languages"
    detail = f"en into {listed}" if translates else listed
    return Finding(kind, name, present=True, needed=needed, detail=detail, languages=languages)


def aws(settings: Settings) -> Iterator[Finding]:
    """The credentials, where an engine that the settings choose wants them."""
    chosen = (ENGINES.find(kind, getattr(settings, kind)) for kind in EngineKind)
    if not any(spec and Check.AWS_CREDENTIALS in spec.checks for spec in chosen):
        return
    detail, remedy = "found", ""
    try:
        Aws().credentials()
    except SetupError as error:
        detail, remedy = "missing", str(error)
    yield Finding("AWS", "credentials", present=not remedy, needed=True, detail=detail, remedy=remedy)


def debian_packages() -> Iterator[Finding]:
    """The Debian packages that the engines run on; none of this where the machine is not Debian's."""
    if shutil.which("dpkg-query") is None:
        return
    lines = files("cli").joinpath("debian-packages.txt").read_text(encoding="utf-8").splitlines()
    wanted = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    answer = subprocess.run(  # noqa: S603 (the names are the file's)
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\n", *wanted],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    installed = {
        name: found for name, status, found in map(str.split, answer.stdout.splitlines()) if status == "installed"
    }
    for name, purpose in wanted.items():
        found = installed.get(name)
        remedy = "" if found else f"apt-get install {name}"
        detail = f"{found or 'missing'}: {purpose}"
        yield Finding("Debian", name, present=bool(found), needed=False, detail=detail, remedy=remedy)


def kcl() -> Iterator[Finding]:
    """The Java runtime and the jars that KCL workers need."""

    def java() -> str:
        found = Java.find()
        return f"{found.version.splitlines()[0]}, {found.program}"

    def library() -> str:
        return f"{len(jars.checked())} jars of amazon_kclpy {_version('amazon_kclpy')}"

    for name, look in (("Java", java), ("Kinesis Client Library", library)):
        try:
            yield Finding("KCL workers", name, present=True, needed=False, detail=look())
        except SetupError as error:
            yield Finding("KCL workers", name, present=False, needed=False, detail="not usable", remedy=str(error))


def localstack() -> Iterator[Finding]:
    """Whether LocalStack runs where localstack-client's table says, and which of its services are up."""
    detail, remedy, present = "not running", START_LOCALSTACK, False
    try:
        address = endpoint()
        found = states(address)
        detail = f"{address}: {described(found)}"
        if up(found):
            remedy, present = "", True
    except ModuleNotFoundError:
        detail, remedy = "localstack-client is missing", install_extra("infra")
    except ValueError as error:
        detail, remedy = "no address", str(error)
    except OSError as error:
        detail = f"not at {address}: {error.strerror or error}"
    yield Finding("streams", "LocalStack", present=present, needed=False, detail=detail, remedy=remedy)


def microphone() -> Iterator[Finding]:
    """Whether a microphone can be opened."""
    detail, remedy, present = "no input device", "connect a microphone", False
    try:
        import sounddevice  # noqa: PLC0415 (an extra, and it raises where PortAudio is missing)

        inputs = [device["name"] for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
        if inputs:
            detail, remedy, present = ", ".join(inputs), "", True
    except ModuleNotFoundError:
        detail, remedy = "sounddevice is missing", install_extra("microphone")
    except OSError:
        detail, remedy = "PortAudio is missing", "apt-get install libportaudio2"
    yield Finding("microphone", "microphone", present=present, needed=False, detail=detail, remedy=remedy)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
