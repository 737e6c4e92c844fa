"""Runs benchmarks, each in a process of its own, and reports their figures."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import orjson

from tests.benchmarks.figure import Figure
from tests.benchmarks.table import markdown, when_and_where

#: Each is a module beside this one whose `run()` gives its figures.
NAMES = (
    "stage_logic",
    "codec",
    "insane_records",
    "host_overhead",
    "caption_latency",
    "flicker",
    "speech_lag",
    "memory",
    "sessions_per_core",
    "hop",
    "kinesis_cost",
)
RESULTS = Path("benchmarks.json")


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmarks of these names, or all.

    The exit code is 1 where a bound does not hold or a benchmark failed, 2 where a name is none of them.
    """
    if unknown := [name for name in arguments if name not in NAMES]:
        print(f"expected some of {', '.join(NAMES)}, got {', '.join(unknown)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    failed = False
    for name in arguments or NAMES:
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            try:
                figures += alone.submit(_measure, name).result()
            except Exception:
                # The figures of the others are worth having.
                failed = True
                traceback.print_exc()
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return max(report(figures, RESULTS), int(failed))


def report(figures: Iterable[Figure], results: Path) -> int:
    """Prints the table and writes the file; 1 where a bound does not hold."""
    figures = list(figures)
    print(f"{when_and_where()}\n\n{markdown(figures)}")
    results.write_bytes(orjson.dumps([figure.json() for figure in figures], option=orjson.OPT_INDENT_2) + b"\n")
    missed = [figure.name for figure in figures if not figure.holds]
    for name in missed:
        print(f"does not hold: {name}", file=sys.stderr)
    return 1 if missed else 0


def _measure(name: str) -> list[Figure]:
    return list(import_module(f"tests.benchmarks.{name}").run())
