"""What keeps a worker alive: the real daemon of KCL on LocalStack, with tiny children."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.localstack.server import LocalStack
from processors.hosts.kcl.daemon.class_data_archive import fingerprint
from processors.hosts.kcl.daemon.installation import Installation
from tests.integration.processors.hosts.kcl.worker_harness import ROOT, WorkerHarness, worker_harness
from tests.support.localstack import Observer
from tests.support.measured import measured
from tests.support.processes import assert_gone, until_gone
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = [pytest.mark.system, pytest.mark.kcl]


@pytest.fixture
def harness(localstack: LocalStack, observer: Observer, tmp_path: Path) -> Iterator[WorkerHarness]:
    with worker_harness(localstack, observer, tmp_path) as opened:
        yield opened


def test_a_first_start_is_quick_and_sigterm_drains(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker()
    worker.until_has("one")
    # KCL alone waits up to 30 s before it looks into an empty lease table a second time.
    measured(f"first record after {worker.of('record')[0]['time'] - worker.started_at:.1f} s")
    assert harness.owners() == {"shardId-000000000000": f"{socket.gethostname()}-1"}
    family = worker.family()
    assert worker.stop() == 0, worker.log
    assert [note["event"] for note in worker.notes][-2:] == ["shutdown", "lost"]
    assert harness.owners() == {"shardId-000000000000": None}
    assert_gone(family)
    assert json.loads(worker.log.splitlines()[-1]) == {"restarts": 0}


def test_what_children_and_the_daemon_write_is_logged_once_as_json(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker()
    worker.until_has("one")
    worker.stop()
    lines = [json.loads(line) for line in worker.log.splitlines()]
    by_child = [line for line in lines if line.get("logger") in ("child", "processors.tiny")]
    assert [(line["logger"], line["level"], line["message"]) for line in by_child] == [
        ("child", "warning", "this is no JSON"),
        ("processors.tiny", "warning", 'begins with "quotes" and \\'),
    ]
    assert by_child[1]["from"] == "TRIM_HORIZON"
    # Nothing else is worth a warning in a quiet life.
    assert [line for line in lines if "level" in line and line not in by_child] == []


def test_a_killed_daemon_comes_back_under_the_same_id_and_nothing_is_lost(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker()
    worker.until_has("one")
    daemon, owners = worker.daemon(), harness.owners()
    daemon.kill()
    killed_at = time.time()
    harness.put("two")
    worker.until_has("one", "two")
    measured(f"restart after {worker.of('record')[-1]['time'] - killed_at:.1f} s")
    assert harness.owners() == owners
    assert worker.stop() == 0
    assert json.loads(worker.log.splitlines()[-1]) == {"restarts": 1}


def test_a_killed_child_has_the_daemon_start_again(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker(child_failure=1)
    worker.until_has("one")
    worker.child().kill()
    killed_at = time.time()
    harness.put("two")
    worker.until_has("two")
    measured(f"restart after {worker.of('record')[-1]['time'] - killed_at:.1f} s")
    assert len({note["pid"] for note in worker.of("started")}) == 2
    assert worker.stop() == 0


def test_a_hung_child_is_killed(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker(child_hang=5, child_failure=1)
    worker.until_has("one")
    hung = worker.child()
    hung.suspend()
    harness.put("two")
    worker.until_has("two")
    assert_gone([hung])
    assert "hangs, and is killed" in worker.log
    assert worker.stop() == 0


def test_a_child_that_hangs_before_its_first_heartbeat_is_killed(harness: WorkerHarness, tmp_path: Path) -> None:
    harness.put("one")
    worker = harness.worker(environ={"HANG_ONCE": str(tmp_path / "hung")}, first_heartbeat=8, child_failure=1)
    worker.until_has("one")
    (hung,) = worker.of("hanging")
    assert not psutil.pid_exists(hung["pid"])
    assert "a child gave no heartbeat within 8 s, and is killed" in worker.log
    assert worker.stop() == 0


@pytest.mark.soak
def test_a_daemon_that_hangs_without_a_shard_starts_again(harness: WorkerHarness) -> None:
    harness.put("one")
    first = harness.worker(1)
    first.until_has("one")
    second = harness.worker(2, daemon_hang=8)
    second.until_up()
    hung = second.daemon()
    hung.suspend()
    wait_until(lambda: "gave no heartbeat for 8 s" in second.log, "the end of the hung daemon")
    assert_gone([hung])
    assert first.stop() == 0
    harness.put("two")
    second.until_has("two")
    assert second.stop() == 0
    assert json.loads(second.log.splitlines()[-1]) == {"restarts": 1}


def test_a_daemon_that_does_not_come_up_starts_again(harness: WorkerHarness) -> None:
    worker = harness.worker(start=15)
    hung = worker.daemon()
    hung.suspend()
    harness.put("one")
    worker.until_has("one")
    assert_gone([hung])
    assert "the daemon did not work within 15 s, and is killed" in worker.log
    assert worker.stop() == 0


def test_what_a_child_cannot_work_with_ends_the_worker(harness: WorkerHarness) -> None:
    harness.put("mend")
    worker = harness.worker()
    assert worker.process.wait(TIMEOUT) == 1
    assert json.loads(worker.log.splitlines()[-1]) == {"setup": "RECOGNISER=none: choose one"}
    assert harness.owners() == {"shardId-000000000000": None}
    assert_gone(worker.family())


def test_a_stream_that_is_deleted_ends_the_worker_which_says_so(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker(stream_poll=1)
    worker.until_has("one")
    harness.kinesis.delete_stream(StreamName=harness.stream)
    assert worker.process.wait(TIMEOUT) == 1
    assert f"stream {harness.stream} does not exist" in json.loads(worker.log.splitlines()[-1])["setup"]
    assert_gone(worker.family())


def test_nothing_is_left_of_a_worker_that_is_killed(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker()
    worker.until_has("one")
    family = worker.family()
    assert {process.name() for process in family} > {"java"}
    worker.kill()
    until_gone(family)


def test_another_worker_takes_over_from_one_whose_processes_are_all_killed(harness: WorkerHarness) -> None:
    harness.put("one")
    first = harness.worker(1)
    first.until_has("one")
    second = harness.worker(2)
    second.until_up()
    family = first.family()
    first.process.send_signal(signal.SIGSTOP)
    for process in family:
        process.kill()
    first.kill()
    killed_at = time.time()
    harness.put("two")
    second.until_has("two")
    measured(f"taken over after {second.of('record')[0]['time'] - killed_at:.1f} s")
    assert "one" not in second.texts()


@pytest.mark.soak
def test_another_worker_takes_over_at_once_from_one_that_drained(harness: WorkerHarness) -> None:
    harness.put("one")
    first = harness.worker(1)
    first.until_has("one")
    second = harness.worker(2)
    second.until_up()
    assert first.stop() == 0
    stopped_at = time.time()
    harness.put("two")
    second.until_has("two")
    measured(f"taken over {second.of('record')[0]['time'] - stopped_at:.1f} s after the stop")


def test_a_second_signal_ends_it_at_once(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker(drain=10 * TIMEOUT)
    worker.until_has("one")
    family = worker.family()
    # It cannot drain.
    worker.child().suspend()
    worker.process.send_signal(signal.SIGINT)
    # Two signals that come before it has looked are one.
    wait_until(lambda: '"asked"' in worker.log, "what the first signal does")
    worker.process.send_signal(signal.SIGINT)
    assert worker.process.wait(TIMEOUT) == 1
    assert_gone(family)


def test_a_child_that_does_not_drain_in_time_is_killed(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker(drain=2)
    worker.until_has("one")
    family = worker.family()
    worker.child().suspend()
    assert worker.stop() == 1
    assert "not all children drained in time" in worker.log
    assert_gone(family)


@pytest.mark.parametrize("text", ["die later", "give up"])
def test_a_child_that_fails_while_it_drains_is_no_drain(harness: WorkerHarness, text: str) -> None:
    harness.put(text)
    worker = harness.worker()
    worker.until_has(text)
    family = worker.family()
    assert worker.stop() == 1
    assert "a child ended before it had drained; what it had comes again" in worker.log
    assert harness.owners() == {"shardId-000000000000": None}
    assert_gone(family)


def test_a_child_that_was_killed_just_before_the_stop_is_no_drain(harness: WorkerHarness) -> None:
    harness.put("one")
    worker = harness.worker()
    worker.until_has("one")
    worker.child().kill()
    assert worker.stop() == 1
    assert "a child ended before it had drained" in worker.log


@pytest.mark.soak
def test_it_runs_from_a_folder_with_a_space_in_its_name(harness: WorkerHarness, tmp_path: Path) -> None:
    place = tmp_path / "my checkout"
    place.symlink_to(ROOT)
    python = place / Path(sys.executable).relative_to(ROOT)
    harness.put("one")
    cache = tmp_path / "my cache"
    worker = harness.worker(python=str(python), environ={"PYTHONPATH": str(place), "XDG_CACHE_HOME": str(cache)})
    worker.until_has("one")
    (made,) = cache.glob("*/kcl-*.jsa")
    assert f"-XX:SharedArchiveFile={made}" in worker.daemon().cmdline()
    assert worker.stop() == 0


@pytest.mark.soak
def test_without_a_place_for_an_archive_it_only_starts_slower(harness: WorkerHarness, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    harness.put("one")
    worker = harness.worker(environ={"XDG_CACHE_HOME": str(tmp_path / "file")})
    worker.until_has("one")
    assert "starts without an archive of its classes" in worker.log
    assert worker.stop() == 0


@pytest.mark.soak
def test_a_broken_archive_only_has_it_start_slower(harness: WorkerHarness, tmp_path: Path) -> None:
    archive = tmp_path / "low-latency-translate" / f"kcl-{fingerprint(Installation.find())}.jsa"
    archive.parent.mkdir()
    archive.write_bytes(b"no archive")
    harness.put("one")
    worker = harness.worker(environ={"XDG_CACHE_HOME": str(tmp_path)})
    worker.until_has("one")
    assert str(archive) in str(worker.daemon().cmdline())
    assert worker.stop() == 0
    assert json.loads(worker.log.splitlines()[-1]) == {"restarts": 0}
