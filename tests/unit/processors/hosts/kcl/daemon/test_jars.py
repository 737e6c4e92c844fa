from __future__ import annotations

import sys
from pathlib import Path

import pytest

from processors.hosts.kcl.daemon import jars
from shared.errors import SetupError

pytestmark = pytest.mark.hermetic

NAMES = [line.split()[1] for line in Path(jars.__file__).with_name("jars.sha256").read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with every jar's name, and other bytes."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"PK")
    return tmp_path


def test_a_changed_jar_is_refused(folder: Path) -> None:
    with pytest.raises(SetupError, match=r"amazon-kinesis-client-3\.1\.3\.jar and 78 more are changed in .*setup-kcl"):
        jars.checked(folder)


def test_a_missing_jar_is_named(folder: Path) -> None:
    (folder / NAMES[3]).unlink()
    with pytest.raises(SetupError, match=f"{NAMES[3]} is missing in .*pip install --force-reinstall"):
        jars.checked(folder)


def test_a_jar_more_is_named(folder: Path) -> None:
    (folder / "evil.jar").touch()
    with pytest.raises(SetupError, match=r"evil\.jar is not known in .*setup-kcl"):
        jars.checked(folder)


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amazon_kclpy", None)
    with pytest.raises(SetupError, match="amazon_kclpy is not installed; run `make setup-kcl`"):
        jars.checked()
