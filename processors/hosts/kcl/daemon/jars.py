"""The Kinesis Client Library's jars, which amazon_kclpy fetches when it is installed."""

from __future__ import annotations

from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from shared.errors import SetupError
from shared.remedies import pip_install, remedy

#: What sha256sum wrote of amazon_kclpy 3.1.3's jars; its setup checks none of what it fetches.
_EXPECTED = Path(__file__).with_name("jars.sha256")
_INSTALL = pip_install("--force-reinstall", "--no-cache-dir", "amazon_kclpy==3.1.3")
_FIX = remedy(f"run `make setup-kcl`, or {_INSTALL}", _INSTALL)


def installed_folder() -> Path:
    """Where amazon_kclpy keeps its jars; raises SetupError where it is not installed."""
    found = find_spec("amazon_kclpy")
    if found is None or found.origin is None:
        raise SetupError(f"KCL: amazon_kclpy is not installed; {_FIX}")
    return Path(found.origin).parent / "jars"


def checked(folder: Path | None = None) -> list[Path]:
    """The jars in the order of their names, each of them as it was when this was tested.

    Raises SetupError for one that is missing, changed or not known.
    """
    folder = folder or installed_folder()
    expected = {name: digest for digest, name in map(str.split, _EXPECTED.read_text().splitlines())}
    found = {path.name: path for path in folder.glob("*.jar")}
    for wrong, names in (("missing", expected.keys() - found.keys()), ("not known", found.keys() - expected.keys())):
        if names:
            raise SetupError(f"KCL: {_listed(names)} {wrong} in {folder}; {_FIX}")
    changed = [name for name, path in found.items() if sha256(path.read_bytes()).hexdigest() != expected[name]]
    if changed:
        raise SetupError(f"KCL: {_listed(changed)} changed in {folder}; {_FIX}")
    return [found[name] for name in sorted(found)]


def _listed(names: set[str] | list[str]) -> str:
    first, *others = sorted(names)
    return f"{first} is" if not others else f"{first} and {len(others)} more are"
