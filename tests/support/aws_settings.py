"""AWS as a machine has it on which nothing of it was ever set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def nothing_set(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """No setting, and no file of this machine, plays a part; where the configuration file would be."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = folder / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return config
