"""A record that kills the process, not its operator alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from processors.hosts.crashes import FATAL, Crashes
from tests.support.virtual_time import run

pytestmark = pytest.mark.system

HOSTS = ["local", "kcl"]


def live(host: str, folder: Path, *texts: str) -> subprocess.CompletedProcess[str]:
    """One life of a host's process."""
    return subprocess.run(
        [sys.executable, "-m", "tests.unit.processors.hosts.crashing_host", host, str(folder), *texts],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def lives(host: str, folder: Path, *texts: str) -> tuple[int, list[int], list[str]]:
    """How often it died before it lived, and what was left of the segments then: numbers and dead letters."""
    for deaths in range(2 * FATAL + 1):
        life = live(host, folder, *texts)
        if life.returncode == 0:
            numbers, dead_letters = json.loads(life.stdout)
            return deaths, numbers, dead_letters
    raise AssertionError(life.stderr)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("how", ["die", "hang", "die later"])
def test_a_record_that_kills_three_processes_is_a_dead_letter_and_its_neighbours_go_on(
    host: str, how: str, tmp_path: Path
) -> None:
    deaths, numbers, (letter,) = lives(host, tmp_path / "crashes", "one", "two", "three", how, "five", "six")
    assert deaths == FATAL
    assert numbers == [1, 2, 3, 5, 6]
    assert "3 processes in a row died that had it in hand" in letter


def test_two_records_that_kill_are_both_found(tmp_path: Path) -> None:
    deaths, numbers, dead_letters = lives("local", tmp_path, "die", "two", "three", "die", "five")
    assert FATAL < deaths <= 2 * FATAL
    assert numbers == [2, 3, 5]
    assert len(dead_letters) == 2


def killed(folder: Path, life: str) -> None:
    """A process that has the file of a shard, lives so, and is killed."""
    code = f"""
import asyncio, os
from pathlib import Path
from processors.hosts.crashes import Crashes
from tests.support.virtual_time import run

async def main():
    crashes = Crashes.open(Path({str(folder)!r}), "dedup", "segments", "shard")
    {life}
    os._exit(9)

run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=50, capture_output=True, text=True)
    assert done.returncode == 9, done.stderr


def left(folder: Path, shard: str = "shard") -> Crashes:
    return Crashes.open(folder, "dedup", "segments", shard)


@pytest.mark.parametrize(
    "life",
    [
        "crashes.begin(7); await asyncio.sleep(10)",
        "crashes.begin(7); crashes.end(7); await asyncio.sleep(2)",
        "crashes.begin(7); crashes.end(7); crashes.acked(7)",
        "crashes.begin(7); crashes.close()",
    ],
)
def test_what_did_no_harm_while_it_was_in_hand_is_not_to_blame(life: str, tmp_path: Path) -> None:
    async def main() -> None:
        for _ in range(FATAL - 1):
            killed(tmp_path, "crashes.begin(7)")
        killed(tmp_path, life)
        killed(tmp_path, "crashes.begin(7)")
        crashes = left(tmp_path)
        assert not crashes.suspect(7)
        assert not crashes.fatal(7)
        crashes.close()

    run(main())


def test_the_newest_records_are_those_in_hand_where_there_are_many(tmp_path: Path) -> None:
    async def main() -> None:
        for _ in range(FATAL):
            killed(tmp_path, "[(crashes.begin(n), crashes.end(n)) for n in range(1000)]; crashes.begin(1000)")
        crashes = left(tmp_path)
        assert crashes.fatal(1000)
        assert not crashes.fatal(0)
        crashes.close()

    run(main())


def test_one_process_has_the_file_of_a_shard_and_others_go_without(tmp_path: Path) -> None:
    async def main() -> None:
        first, second, other = left(tmp_path), left(tmp_path), left(tmp_path, "other")
        second.begin(7)
        second.close()
        first.begin(7)
        first.close()
        other.close()
        for _ in range(FATAL):
            killed(tmp_path, "crashes.begin(7)")
        crashes, other = left(tmp_path), left(tmp_path, "other")
        assert crashes.fatal(7)
        assert not other.fatal(7)
        crashes.close()
        other.close()

    run(main())
