"""Where measurements go, and what comes out there."""

from __future__ import annotations

import re
import socket
import urllib.request

import pytest
from prometheus_client import generate_latest

from shared.metrics import MemoryMetrics, Metric, Metrics
from shared.metrics.prometheus import PrometheusMetrics


def measure(metrics: Metrics) -> None:
    metrics.count(Metric.DUPLICATES_DETECTED)
    metrics.count(Metric.DEAD_LETTERS, stage="translate")
    metrics.count(Metric.DEAD_LETTERS, 2, stage="dedup")
    metrics.gauge(Metric.CACHE_SIZE, 7, stage="dedup")
    metrics.gauge(Metric.CACHE_SIZE, 9, stage="translate")
    metrics.gauge(Metric.CACHE_SIZE, 8, stage="dedup")
    metrics.gauge(Metric.BUFFERED_SPEECH, 1.5)
    metrics.observe(Metric.STAGE_LATENCY, 40, stage="dedup")
    metrics.observe(Metric.STAGE_LATENCY, 60, stage="dedup")
    metrics.observe(Metric.CAPTION_LATENCY, 900)


@pytest.mark.hermetic
def test_memory_answers_by_name_and_labels() -> None:
    metrics = MemoryMetrics()
    measure(metrics)
    assert metrics.total(Metric.DUPLICATES_DETECTED) == 1
    assert metrics.total(Metric.DEAD_LETTERS) == 3
    assert metrics.total(Metric.DEAD_LETTERS, stage="dedup") == 2
    assert metrics.total(Metric.DEAD_LETTERS, stage="none") == 0
    assert metrics.level(Metric.CACHE_SIZE, stage="translate") == 9
    # The newest of all, though its label was not seen last for the first time.
    assert metrics.level(Metric.CACHE_SIZE) == 8
    assert metrics.level(Metric.SPEECH_LAG) is None
    assert metrics.observations(Metric.STAGE_LATENCY, stage="dedup") == [40, 60]
    assert metrics.observations(Metric.ERROR_RATE) == []
    assert (Metric.DEAD_LETTERS, {"stage": "dedup"}, 2) in list(metrics.counters())


@pytest.mark.hermetic
def test_memory_does_not_grow_with_the_length_of_a_run() -> None:
    metrics = MemoryMetrics()
    for value in range(50_000):
        metrics.observe(Metric.STAGE_LATENCY, value)
    kept = metrics.observations(Metric.STAGE_LATENCY)
    assert len(kept) == 10_000
    assert kept[-1] == 49_999


@pytest.mark.hermetic
def test_prometheus_shows_the_names_of_cloudwatch() -> None:
    metrics = PrometheusMetrics()
    measure(metrics)
    lines = generate_latest(metrics.registry).decode().splitlines()
    assert "DuplicatesDetected_total 1.0" in lines
    assert 'DeadLetters_total{stage="dedup"} 2.0' in lines
    assert 'CacheSize{stage="dedup"} 8.0' in lines
    assert "BufferedSpeech 1.5" in lines
    assert 'StageLatency_bucket{le="40.0",stage="dedup"} 1.0' in lines
    assert 'StageLatency_bucket{le="80.0",stage="dedup"} 2.0' in lines
    assert 'StageLatency_sum{stage="dedup"} 100.0' in lines
    assert "CaptionLatency_count 1.0" in lines


@pytest.mark.hermetic
@pytest.mark.parametrize("name", Metric)
def test_prometheus_takes_every_name_and_says_what_it_is(name: Metric) -> None:
    metrics = PrometheusMetrics()
    metrics.observe(name, 1)
    shown = generate_latest(metrics.registry).decode()
    assert f"{name}_count 1.0" in shown
    assert re.search(rf"^# HELP {name} \S+ .+\.$", shown, re.MULTILINE)


@pytest.mark.hermetic
def test_an_error_rate_is_told_from_its_buckets() -> None:
    metrics = PrometheusMetrics()
    for value in (0, 0, 0, 100):
        metrics.observe(Metric.ERROR_RATE, value)
    lines = generate_latest(metrics.registry).decode().splitlines()
    assert 'ErrorRate_bucket{le="0.0"} 3.0' in lines
    assert "ErrorRate_sum 100.0" in lines


@pytest.mark.system
def test_prometheus_scrapes_a_port_of_this_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    metrics = PrometheusMetrics()
    measure(metrics)
    metrics.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"DuplicatesDetected_total 1.0" in answer.read()
