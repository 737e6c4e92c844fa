"""What is said of a missing package really installs it: in a checkout, and where pip installed a wheel."""

from __future__ import annotations

import importlib.metadata
import shlex
import sys

import pytest

from shared import extras, remedies
from shared.extras import Requirement, left_out, requirements
from shared.remedies import install_extra, pip_install

pytestmark = pytest.mark.hermetic

#: As the metadata of an installation has them.
LINES = [
    "boto3>=1.40",
    'typer >= 0.29 ; extra == "workers"',
    'pocketsphinx==5.1.1; python_version != "3.12" and extra == "offline"',
    "numpy>=2.0; extra == 'offline'",
]


@pytest.fixture(autouse=True)
def metadata(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines = [*LINES]
    monkeypatch.setattr(importlib.metadata, "requires", lambda _: lines)
    monkeypatch.setattr(sys, "executable", "/home/me/my env/bin/python")
    return lines


def test_an_extra_is_installed_by_the_packages_that_it_brings() -> None:
    assert shlex.split(install_extra("workers")) == [
        *("/home/me/my env/bin/python", "-m", "pip", "install"),
        "typer>= 0.29",
    ]
    assert shlex.split(install_extra(""))[4:] == ["boto3>=1.40"]


def test_what_is_left_out_on_this_python_is_not_told_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Requirement("pocketsphinx", "==5.1.1", "offline", "3.12") in requirements()
    monkeypatch.setattr(extras, "PYTHON", "3.12")
    assert shlex.split(install_extra("offline"))[4:] == ["numpy>=2.0"]
    assert left_out("offline", "pocketsphinx")
    assert not left_out("offline", "numpy")
    monkeypatch.setattr(extras, "PYTHON", "3.13")
    assert shlex.split(install_extra("offline"))[4:] == ["pocketsphinx==5.1.1", "numpy>=2.0"]
    assert not left_out("offline", "pocketsphinx")


def test_a_path_with_a_space_is_quoted() -> None:
    assert pip_install("a>1") == "'/home/me/my env/bin/python' -m pip install 'a>1'"


def test_what_pip_did_not_install_is_made_by_make_or_installed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    assert requirements() == []
    assert install_extra("workers") == "make install"
    monkeypatch.setattr(remedies, "_IN_CHECKOUT", False)
    assert install_extra("workers") == "have pip install low-latency-translate[workers] anew"
