from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from processors.hosts.kcl.daemon.folder import own_folder

pytestmark = pytest.mark.system

#: A process that has one, and a file in it, until it is killed.
OWNER = """
import sys, time
from processors.hosts.kcl.daemon.folder import own_folder
with own_folder("llt-test") as folder:
    (folder / "file").touch()
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where all folders are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_its_owner(temporary: Path) -> None:
    with own_folder("llt-test") as folder:
        assert folder.parent == temporary
        assert folder.name.startswith("llt-test-")
        (folder / "file").touch()
    assert not list(temporary.iterdir())


def test_the_next_owner_removes_that_of_one_that_was_killed_and_no_others(temporary: Path) -> None:
    (temporary / "llt-test-of-somebody").mkdir()
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, env=os.environ, text=True) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        with own_folder("llt-test"):
            assert (left / "file").exists()
        owner.kill()
    assert left.exists()
    with own_folder("llt-other"):
        assert left.exists()
    with own_folder("llt-test") as folder:
        assert set(temporary.iterdir()) == {folder, temporary / "llt-test-of-somebody"}
