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


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("producers", {"orjson"}),
        ("producers.sources", {"orjson"}),
        ("sinks", {"orjson", "regex"}),
        ("sinks.files", {"orjson", "regex", "wcwidth"}),
    ],
)
def test_importing_the_sdk_loads_the_libraries_that_its_page_names(module: str, libraries: set[str]) -> None:
    script = _NEW_MODULES.format(module=module)
    done = subprocess.run([sys.executable, "-c", script], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"shared", module.partition(".")[0], *libraries}
