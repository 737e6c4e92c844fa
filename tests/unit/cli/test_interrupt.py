"""Ctrl-C, at any moment and more than once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.endless import endless
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


def started(arguments: Sequence[str], folder: Path, **environment: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        cwd=folder,
        env=own | {"PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_while_packages_are_imported_it_ends_in_silence(tmp_path: Path) -> None:
    # In the place of a package that takes long to import, and that swallows what is raised meanwhile.
    (tmp_path / "typer.py").write_text(
        "import sys, time\nprint('importing', flush=True)\ntry:\n    time.sleep(600)\nexcept BaseException:\n    raise ImportError\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    with started(["doctor"], tmp_path, PYTHONPATH=path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize("times", [1, 2])
def test_while_aws_hangs_it_ends_at_once_and_without_a_traceback(tmp_path: Path, times: int) -> None:
    with endless() as aws:
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with started(["sessions", "list"], tmp_path, **environment) as process:
            assert aws.asked.wait(TIMEOUT)
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
            out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "")
