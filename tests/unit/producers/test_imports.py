"""What a client must install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

_ROOT = Path(__file__).parents[3]
_NEW_MODULES = """
import sys
before = set(sys.modules)
import {module}
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(name for name in names if name not in sys.stdlib_module_names))
"""
#: boto3 brings all of these but orjson.
_ALLOWED = {"boto3", "botocore", "dateutil", "jmespath", "orjson", "s3transfer", "six", "urllib3"}


@pytest.mark.parametrize("module", ["producers", "producers.sources"])
def test_importing_the_sdk_needs_boto3_orjson_and_the_standard_library_only(module: str) -> None:
    script = _NEW_MODULES.format(module=module)
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert {"producers", "shared", "orjson"} <= imported
    assert imported - _ALLOWED == {"producers", "shared"}
