from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from processors.hosts.kcl.daemon.beats import Beat
from processors.hosts.kcl.daemon.logs import Lines

SHARD = "shardId-000000000001"


class Heard:
    """What the lines told the supervisor."""

    def __init__(self) -> None:
        self.beats: list[Beat] = []
        self.ups = self.downs = 0
        self.lines = Lines(self.beats.append, self.up, self.down)

    def up(self) -> None:
        self.ups += 1

    def down(self) -> None:
        self.downs += 1

    def event(self, logger: str, level: str, message: str, *arguments: Any, **more: Any) -> None:
        """A line of the daemon's log, as logback writes it."""
        line = {"loggerName": f"software.amazon.kinesis.{logger}", "level": level, "message": message, **more}
        self.lines.take(json.dumps(line | ({"arguments": list(arguments)} if arguments else {})))


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    caplog.set_level(logging.DEBUG)
    return Heard()


def test_a_childs_line_is_logged_as_the_child_did(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    said = {"time": "2026-11-25T00:00:00.000+00:00", "level": "info", "logger": "processors.hosts", "message": "100 %"}
    more = {"shard": SHARD, "session": "s1", "name": "refused by logging", "exception": 'File "a"\nValueError'}
    heard.lines.take(json.dumps(said | more))
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("processors.hosts", "INFO", "100 %")
    extras = vars(record)
    assert (extras["shard"], extras["session"], extras["exception"]) == (SHARD, "s1", 'File "a"\nValueError')


@pytest.mark.parametrize(
    "said",
    [
        "Traceback (most recent call last):",
        "java.lang.OutOfMemoryError",
        "[1, 2]",
        '{"level": 3}',
        "null",
        '{"beat": 1}',
    ],
)
def test_a_line_that_is_no_log_is_a_warning(heard: Heard, caplog: pytest.LogCaptureFixture, said: str) -> None:
    heard.lines.take(said)
    heard.lines.take("")
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("child", "WARNING", said)


def test_a_beat_is_taken_and_not_logged(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    heard.lines.take(
        json.dumps({"beat": {"pid": 7, "shard": SHARD, "released": "12", "blocked": True, "behind_ms": 30}})
    )
    heard.lines.take(json.dumps({"beat": {"pid": 7, "shard": SHARD, "released": None, "new": 1}}))
    assert heard.beats == [Beat(7, SHARD, "12", blocked=True, behind_ms=30), Beat(7, SHARD)]
    assert caplog.records == []


def test_the_daemons_own_lines_keep_their_level(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    cause = {"className": "java.io.IOException", "message": "reset", "stepArray": []}
    frame = {"className": "a.B", "methodName": "c"}
    thrown = {"className": "x.Y", "message": "no", "stepArray": [frame] * 30, "cause": cause}
    heard.event("leases.Taker", "WARN", "lease {} of {}, {}", "l1", 3, throwable=thrown)
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("kcl", "WARNING", "lease l1 of 3, {}")
    assert vars(record)["java"] == "Taker"
    told = vars(record)["exception"].splitlines()
    assert (told[0], told[1], told[-1]) == ("x.Y: no", "  at a.B.c", "java.io.IOException: reset")
    assert len(told) < 20


def test_it_tells_when_the_daemon_works_and_when_it_gives_up(heard: Heard) -> None:
    heard.event("coordinator.Scheduler", "INFO", "Initialization complete. Starting worker loop.")
    assert (heard.ups, heard.downs) == (1, 0)
    heard.event("multilang.MultiLangShardRecordProcessor", "INFO", "Shutdown is requested.")
    assert heard.downs == 0
    heard.event(
        "multilang.MultiLangShardRecordProcessor", "ERROR", "Encountered an error while trying to process records"
    )
    assert (heard.ups, heard.downs) == (1, 1)


def test_what_its_last_rounds_say_is_no_error(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    thrown = {"className": "java.lang.IllegalStateException", "message": "LeaderDecider uninitialized"}
    heard.event("coordinator.Scheduler", "ERROR", "Worker.run caught exception", throwable=thrown)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
