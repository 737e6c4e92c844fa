"""What LocalStack and the KCL workers are installed from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]


def test_every_package_of_localstack_is_pinned_and_no_address_is_named() -> None:
    text = (ROOT / "infra/local/localstack/constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pins = [line for line in lines if re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    assert lines == pins == sorted(set(pins), key=str.lower)


def test_what_is_installed_is_not_installed_again() -> None:
    ended = subprocess.run(
        ["bash", ROOT / "infra/local/localstack/install.sh"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    assert (ended.stdout, ended.stderr) == ("", "")


@pytest.mark.kcl
def test_what_kcl_workers_need_is_not_installed_again() -> None:
    ended = subprocess.run(
        ["bash", ROOT / "infra/local/kcl/install.sh"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT,
    )
    assert (ended.stdout, ended.stderr) == ("", "")
