"""The hooks of .pre-commit-config.yaml by their ids."""

from __future__ import annotations

from typing import Any

import yaml

from tests.support.checkout import ROOT

CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for repo in CONFIG["repos"] for hook in repo["hooks"]}
#: Those that run the tools of the checkout's own environment.
OWN = [id for id, hook in HOOKS.items() if hook["language"] == "system"]
