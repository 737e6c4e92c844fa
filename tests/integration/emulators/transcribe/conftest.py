"""A certificate authority that clients in this process trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.certificates import Certificates


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    made = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.bundle))
    return made
