"""What pytest makes of a test that says nothing of its size, and of a hermetic one that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import ROOT
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

HERMETIC = """
import ctypes
import multiprocessing
import socket
import subprocess
import sys

import espeakng_loader
import pytest

pytestmark = pytest.mark.hermetic
"""


def pytest_on(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest on a test of this source, with the plugin that holds the tests here to their sizes."""
    (folder / "test_it.py").write_text(source)
    markers = "hermetic: this process alone", "system: more than that"
    options = [word for marker in markers for word in ("-o", f"markers={marker}")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.sizes", *options, *arguments, folder],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )


@pytest.mark.parametrize("marks", ["", "[pytest.mark.hermetic, pytest.mark.system]"], ids=["neither", "both"])
def test_one_that_has_not_one_size_fails_collection_whatever_is_asked_for(tmp_path: Path, marks: str) -> None:
    source = f"import pytest\npytestmark = {marks or []}\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n): pass\n"
    done = pytest_on(tmp_path, source, "-m", "hermetic")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    assert line.endswith("expected each test to be hermetic or system, got neither or both of: test_it.py::test_it")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("socket.create_connection(('127.0.0.1', 1))", "a look-up of the host '127.0.0.1'"),
        ("socket.socket().bind(('127.0.0.1', 0))", "the network (socket.bind of 127.0.0.1)"),
        ("subprocess.run(['true'])", "a process (subprocess.Popen)"),
        ("import pocketsphinx", "the engine pocketsphinx"),
        ("ctypes.CDLL(espeakng_loader.get_library_path())", "the engine libespeak-ng.so"),
        ("multiprocessing.get_context('spawn').Process().start()", "a process (os.posix_spawn)"),
        (
            "socket.socket(type=socket.SOCK_DGRAM).sendmsg([], [], 0, ('127.0.0.1', 1))",
            "the network (socket.sendmsg of 127.0.0.1)",
        ),
        ("try: subprocess.run(['true'])\n    except Exception: pass", "a process (subprocess.Popen)"),
        ("try: subprocess.run(['true'])\n    except Exception: pytest.skip()", "a process (subprocess.Popen)"),
    ],
    ids=[
        *("connects", "listens", "starts a process", "loads an engine", "loads an imported engine"),
        *("spawns a process", "sends a packet", "hides it", "is skipped"),
    ],
)
def test_a_hermetic_one_that_is_not_fails_and_says_what_it_did(tmp_path: Path, body: str, what: str) -> None:
    done = pytest_on(tmp_path, f"{HERMETIC}\ndef test_it():\n    {body}\n")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert f"NotHermetic: expected a hermetic test to keep to itself, got {what}" in done.stdout


def test_a_hermetic_one_has_an_event_loop_and_files(tmp_path: Path) -> None:
    body = "import asyncio; asyncio.run(asyncio.to_thread(print)); assert open(__file__).read()"
    assert pytest_on(tmp_path, f"{HERMETIC}\ndef test_it():\n    {body}\n").returncode == pytest.ExitCode.OK


def test_a_system_one_may_do_it(tmp_path: Path) -> None:
    source = HERMETIC.replace("hermetic", "system") + "\ndef test_it():\n    subprocess.run(['true'], check=True)\n"
    assert pytest_on(tmp_path, source).returncode == pytest.ExitCode.OK
