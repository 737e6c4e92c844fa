"""`python -m tests.benchmarks [NAME ...]` runs the benchmarks, or those that are named.

Prints one table and writes `benchmarks.json`.
"""

from __future__ import annotations

import sys

from tests.benchmarks.runner import main

sys.exit(main(sys.argv[1:]))
