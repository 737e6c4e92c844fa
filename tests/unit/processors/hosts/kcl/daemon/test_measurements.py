"""What is left of a process's measurements once it has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest

from processors.hosts.kcl.daemon.measurements import Measurements

pytestmark = pytest.mark.system

#: A process that measures and ends; where it is told to, under another's number.
MEASURE = """
import os, sys
if len(sys.argv) > 1:
    os.getpid = lambda: int(sys.argv[1])
from shared.metrics import Metric
from shared.metrics.prometheus import PrometheusMetrics
metrics = PrometheusMetrics()
metrics.count(Metric.SEAMS, 2)
metrics.count(Metric.DEAD_LETTERS, stage="dedup")
metrics.gauge(Metric.OPEN_OPERATORS, 3, stage="dedup")
metrics.observe(Metric.TRANSIT_LATENCY, 30)
"""
#: More than a process id can be: nobody lives by it.
NOBODY = (1 << 22) + 1
TOTALS = {"counter_ended.db", "histogram_ended.db"}


def measure(folder: Path, *number: int) -> None:
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    subprocess.run([sys.executable, "-c", MEASURE, *map(str, number)], env=environ, check=True)


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def scraped(measurements: Measurements) -> set[str]:
    environ: dict[str, str] = {}
    setup_testing_defaults(environ)
    return set(b"".join(measurements.answer(environ, lambda *_: None)).decode().splitlines())


def measured_by(times: int) -> set[str]:
    """What is told of so many processes."""
    return {
        f"Seams_total {2.0 * times}",
        f'DeadLetters_total{{stage="dedup"}} {times:.1f}',
        'TransitLatency_bucket{le="20.0"} 0.0',
        f'TransitLatency_bucket{{le="40.0"}} {times:.1f}',
        f'TransitLatency_bucket{{le="+Inf"}} {times:.1f}',
        f"TransitLatency_count {times:.1f}",
        f"TransitLatency_sum {30.0 * times}",
    }


def test_however_many_have_ended_two_files_keep_what_they_counted(tmp_path: Path) -> None:
    measurements = Measurements(tmp_path)
    for times in range(1, 4):
        measure(tmp_path)
        assert measured_by(times) <= scraped(measurements)
        assert files(tmp_path) == TOTALS
    told = scraped(measurements)
    assert measured_by(3) <= told
    # The levels have ended with those that reported them.
    assert not any(line.startswith("OpenOperators{") for line in told)


def test_files_stay_few_where_nobody_scrapes(tmp_path: Path) -> None:
    measurements = Measurements(tmp_path)
    for _ in range(2):
        measure(tmp_path)
        measurements.fold()
        assert files(tmp_path) == TOTALS
    assert measured_by(2) <= scraped(measurements)


def test_a_number_that_is_used_again_counts_each_process_once(tmp_path: Path) -> None:
    measurements = Measurements(tmp_path)
    measure(tmp_path, NOBODY)
    # The second goes on in the first one's files, the third finds none.
    measure(tmp_path, NOBODY)
    assert measured_by(2) <= scraped(measurements)
    measure(tmp_path, NOBODY)
    assert measured_by(3) <= scraped(measurements)
    assert measured_by(3) <= scraped(measurements)


def test_a_file_that_its_process_could_not_begin_keeps_nobody_from_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    measure(tmp_path)
    (tmp_path / f"counter_{NOBODY}.db").touch()
    assert measured_by(1) <= scraped(Measurements(tmp_path))
    assert files(tmp_path) == TOTALS
    assert caplog.messages == [f"counter_{NOBODY}.db cannot be read: what it counted is lost"]
