"""What runs on PocketSphinx is skipped on a Python for which it has no wheel."""

from __future__ import annotations

import pytest

from shared.extras import PYTHON, left_out

#: On a test.
needs_pocketsphinx = pytest.mark.skipif(
    left_out("offline", "pocketsphinx"), reason=f"pocketsphinx is left out on Python {PYTHON}"
)
#: In place of a parameter.
POCKETSPHINX = pytest.param("pocketsphinx", marks=needs_pocketsphinx)
