"""Debian packages, installed by several scripts at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

#: It fails beside another one, as apt-get does, and at an installation before the first update.
APT_GET = """#!/bin/sh
mkdir busy || exit 1
sleep 0.2
case $1 in update) touch updated ;; *) [ -e updated ] && touch "$6" ;; esac
code=$?
rmdir busy
exit $code
"""


def test_two_scripts_install_at_once_on_a_machine_that_has_no_list_yet(tmp_path: Path) -> None:
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(APT_GET, encoding="utf-8")
    apt_get.chmod(0o700)
    (tmp_path / "out").mkdir()
    both = f'source "{ROOT}/infra/local/lib.sh"; as_root=(); apt_install node & apt_install java && wait $!'
    done = subprocess.run(
        ["bash", "-c", both],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "node").exists()
    assert (tmp_path / "java").exists()
