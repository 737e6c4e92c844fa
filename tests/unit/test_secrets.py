"""No secret is in the repository, and none gets into the image. (Logs: tests/end_to_end/test_emulated_demo.py.)"""

from __future__ import annotations

import re

import pytest

from tests.support.checkout import ROOT, files
from tests.unit.infra.dockerfile import environment, values

pytestmark = pytest.mark.system

#: What AWS's access keys, and the private keys of certificates, look like.
SECRET = re.compile(
    rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|(?i:secret_?access_?key|session_?token)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
#: What names of secrets look like.
NAMED = re.compile(r"KEY|SECRET|TOKEN|PASSWORD", re.IGNORECASE)


def test_no_file_of_the_repository_holds_one() -> None:
    found = files()
    assert ROOT / ".ci/run" in found
    assert [str(path) for path in found if path.is_file() and SECRET.search(path.read_bytes())] == []


@pytest.mark.parametrize(
    "text",
    [
        "AWS_ACCESS_KEY_ID=" + "AKIA" + "IOSFODNN7EXAMPLE",
        'aws_secret_access_key = "' + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" + '"',
        "-----BEGIN EC " + "PRIVATE KEY-----",
    ],
)
def test_one_would_be_found(text: str) -> None:
    assert SECRET.search(text.encode())


def test_the_image_is_given_none() -> None:
    arguments = [argument.partition("=")[0] for value in values("ARG") for argument in value.split()]
    assert [name for name in (*environment(), *arguments) if NAMED.search(name)] == []
