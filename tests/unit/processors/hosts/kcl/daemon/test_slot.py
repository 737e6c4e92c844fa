from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from processors.hosts.kcl.daemon.slot import Slot
from shared.errors import SettingError, SetupError


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    return {"XDG_RUNTIME_DIR": str(tmp_path)}


def test_each_worker_has_a_number_of_its_own(environ: Mapping[str, str]) -> None:
    with Slot.take("dedup", environ=environ) as first, Slot.take("dedup", environ=environ) as second:
        assert (first.worker, second.worker) == (f"{socket.gethostname()}-1", f"{socket.gethostname()}-2")


def test_a_worker_that_comes_back_has_the_same(environ: Mapping[str, str]) -> None:
    first = Slot.take("dedup", environ=environ)
    with Slot.take("dedup", environ=environ):
        first.close()
        with Slot.take("dedup", environ=environ) as again:
            assert again.number == 1


def test_applications_do_not_share_them(environ: Mapping[str, str]) -> None:
    with Slot.take("dedup", environ=environ), Slot.take("stability", environ=environ) as other:
        assert other.number == 1


def test_a_wanted_number_is_taken_or_refused(environ: Mapping[str, str]) -> None:
    with Slot.take("dedup", 3, environ) as taken:
        assert taken.number == 3
        with pytest.raises(SettingError, match="--slot 3: another worker of dedup on this machine has it"):
            Slot.take("dedup", 3, environ)


def _hold(environ: Mapping[str, str], ready: Connection) -> None:
    with Slot.take("dedup", environ=environ):
        ready.send("held")
        ready.recv()


def test_a_killed_worker_leaves_its_own_free(environ: Mapping[str, str]) -> None:
    ready, other = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_hold, args=(environ, other))
    process.start()
    ready.recv()
    with Slot.take("dedup", environ=environ) as slot:
        assert slot.number == 2
    process.kill()
    process.join()
    with Slot.take("dedup", environ=environ) as slot:
        assert slot.number == 1
    process.close()
    ready.close()
    other.close()


def test_without_a_runtime_folder_it_is_one_of_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Slot.take("dedup", environ={}):
        (folder,) = tmp_path.iterdir()
        assert folder.name == f"llt-{os.getuid()}"
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "llt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match="another user's; set XDG_RUNTIME_DIR"):
        Slot.take("dedup", environ=environ)


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no worker's slot can be kept in"):
        Slot.take("dedup", environ={"XDG_RUNTIME_DIR": str(tmp_path / "missing")})
