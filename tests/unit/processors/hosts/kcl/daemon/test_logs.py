from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.hosts.kcl.daemon.heartbeats import Heartbeat
from processors.hosts.kcl.daemon.logs import LogLines

pytestmark = pytest.mark.hermetic

SHARD = "shardId-000000000001"


class RecordedEvents:
    """What the lines told the supervisor."""

    def __init__(self) -> None:
        self.heartbeats: list[Heartbeat] = []
        self.setups: list[str] = []
        self.dones: list[int] = []
        self.ups = self.alives = self.downs = 0
        self.lines = LogLines(self)

    def on_heartbeat(self, heartbeat: Heartbeat) -> None:
        self.heartbeats.append(heartbeat)

    def on_child_done(self, pid: int) -> None:
        self.dones.append(pid)

    def on_setup_error(self, reason: str) -> None:
        self.setups.append(reason)

    def on_alive(self) -> None:
        self.alives += 1

    def on_up(self) -> None:
        self.ups += 1

    def on_child_failed(self) -> None:
        self.downs += 1

    def event(self, logger: str, level: str, message: str, *arguments: Any, **more: Any) -> None:
        """A line of the daemon's log, as logback writes it."""
        line = {"loggerName": f"software.amazon.kinesis.{logger}", "level": level, "message": message, **more}
        self.lines.feed(json.dumps(line | ({"arguments": list(arguments)} if arguments else {})))


@pytest.fixture
def events(caplog: pytest.LogCaptureFixture) -> RecordedEvents:
    caplog.set_level(logging.DEBUG)
    return RecordedEvents()


def test_a_childs_line_is_logged_as_the_child_did(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    said = {"time": "2026-11-25T00:00:00.000+00:00", "level": "info", "logger": "processors.hosts", "message": "100 %"}
    more = {"shard": SHARD, "session": "s1", "name": "refused by logging", "exception": 'File "a"\nValueError'}
    events.lines.feed(json.dumps(said | more))
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
        '{"heartbeat": 1}',
        '{"heartbeat": {"pid": 0, "shard": ""}}',
        '{"heartbeat": {"pid": 1e30, "shard": ""}}',
        '{"heartbeat": {"pid": 9007199254740991, "shard": ""}}',
        '{"setup": ["no line"]}',
        '{"done": true}',
        '{"done": "7"}',
    ],
)
def test_a_line_that_is_no_log_is_a_warning(
    events: RecordedEvents, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    events.lines.feed(said)
    events.lines.feed("")
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("child", "WARNING", said)


def test_a_heartbeat_is_recognised_and_not_logged(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    events.lines.feed(
        json.dumps({"heartbeat": {"pid": 7, "shard": SHARD, "low_water": "12", "blocked": True, "behind_ms": 30}})
    )
    events.lines.feed(json.dumps({"heartbeat": {"pid": 7, "shard": SHARD, "low_water": None, "new": 1}}))
    assert events.heartbeats == [Heartbeat(7, SHARD, "12", blocked=True, behind_ms=30), Heartbeat(7, SHARD)]
    assert caplog.records == []


def test_a_childs_last_word_is_told(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    events.lines.feed('{"done": 7}')
    assert events.dones == [7]
    assert caplog.records == []


def test_what_a_child_cannot_work_with_is_told(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    events.lines.feed('{"setup": "RECOGNISER=scripted:none: there is no such file"}')
    assert events.setups == ["RECOGNISER=scripted:none: there is no such file"]
    assert caplog.records == []


def test_a_round_of_the_daemon_is_a_sign_of_life_and_not_logged(
    events: RecordedEvents, caplog: pytest.LogCaptureFixture
) -> None:
    events.event("coordinator.DiagnosticEventLogger", "DEBUG", "Current thread pool executor state: ...")
    events.event("coordinator.DiagnosticEventLogger", "INFO", "Current thread pool executor state: ...")
    assert events.alives == 2
    assert caplog.records == []
    events.event("coordinator.DiagnosticEventLogger", "ERROR", "Review your thread configuration")
    assert (events.alives, len(caplog.records)) == (2, 1)
    # A round that fails is one too.
    events.event("coordinator.Scheduler", "ERROR", "Worker.run caught exception, sleeping for {} milli seconds!", 1000)
    assert events.alives == 3


#: What JSON can hold.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**60) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
#: Lines that are nearly what the daemon or a child writes.
FRAME = st.fixed_dictionaries({"className": JSON, "methodName": JSON}) | JSON
THROWN = st.fixed_dictionaries({"message": JSON, "stepArray": st.lists(FRAME, max_size=2) | JSON, "cause": JSON}) | JSON
EVENT = {"loggerName": st.text(), "level": st.sampled_from(["ERROR", "DEBUG", "?"]), "message": st.sampled_from(["{}"])}
LOGGED = {"logger": st.text(), "level": st.text(), "message": st.text()}
BEAT = st.fixed_dictionaries({"pid": JSON, "shard": JSON}, optional={"low_water": JSON, "behind_ms": JSON})


@example({"loggerName": "x", "level": "INFO", "message": "a {}", "arguments": 5})
@example({"loggerName": "x", "level": "INFO", "message": "a", "throwable": "boom"})
@example({"logger": "x", "level": "info", "message": "a", "exc_info": 1, "args": {}, "name": 3, "taskName": 1})
@given(
    st.fixed_dictionaries(EVENT, optional={"arguments": JSON, "throwable": THROWN})
    | st.fixed_dictionaries(LOGGED, optional={"args": JSON, "exc_info": JSON, "": JSON})
    | st.fixed_dictionaries({"heartbeat": BEAT})
    | st.fixed_dictionaries({"setup": JSON})
    | JSON
)
def test_no_line_ends_the_reader(line: object) -> None:
    RecordedEvents().lines.feed(json.dumps(line))


def test_the_daemons_own_lines_keep_their_level(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    cause = {"className": "java.io.IOException", "message": "reset", "stepArray": []}
    frame = {"className": "a.B", "methodName": "c"}
    thrown = {"className": "x.Y", "message": "no", "stepArray": [frame] * 30, "cause": cause}
    events.event("leases.Taker", "WARN", "lease {} of {}, {}", "l1", 3, throwable=thrown)
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("kcl", "WARNING", "lease l1 of 3, {}")
    assert vars(record)["java"] == "Taker"
    told = vars(record)["exception"].splitlines()
    assert (told[0], told[1], told[-1]) == ("x.Y: no", "  at a.B.c", "java.io.IOException: reset")
    assert len(told) < 20


def test_it_tells_when_the_daemon_works_and_when_it_gives_up(events: RecordedEvents) -> None:
    events.event("coordinator.Scheduler", "INFO", "Initialization complete. Starting worker loop.")
    assert (events.ups, events.downs) == (1, 0)
    events.event("multilang.MultiLangShardRecordProcessor", "INFO", "Shutdown is requested.")
    assert events.downs == 0
    events.event(
        "multilang.MultiLangShardRecordProcessor", "ERROR", "Encountered an error while trying to process records"
    )
    assert (events.ups, events.downs) == (1, 1)


def test_what_its_last_rounds_say_is_no_error(events: RecordedEvents, caplog: pytest.LogCaptureFixture) -> None:
    thrown = {"className": "java.lang.IllegalStateException", "message": "LeaderDecider uninitialized"}
    events.event("coordinator.Scheduler", "ERROR", "Worker.run caught exception", throwable=thrown)
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


def test_what_the_daemon_repeats_is_shown_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    now = 0.0
    events = RecordedEvents()
    events.lines = LogLines(events, lambda: now)
    thrown = {"className": "java.net.ConnectException", "message": "refused"}
    for now in (0.0, 1.0, 59.0, 60.0, 61.0):
        events.event("leases.Taker", "WARN", "cannot reach {}", f"call {now}", throwable=thrown)
        events.event("leases.Renewer", "WARN", "cannot reach {}", f"call {now}")
    shown = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert shown == ["cannot reach call 0.0"] * 2 + ["cannot reach call 60.0"] * 2
