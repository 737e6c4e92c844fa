"""`llt speak` and `llt sessions`, with no worker: what stands on the audio stream, and what is said."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from shared.aws import Aws
from shared.aws.tables import create_tables
from shared.codec import decode
from shared.extras import left_out
from shared.models import AudioFrame
from shared.sessions.dynamodb import DynamoDbSessionStore
from tests.support.localstack import Observer, records_on
from tests.support.waiting import TIMEOUT, wait_until
from tests.support.wav import flat
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[3]
RATE = 16000


@pytest.fixture(autouse=True)
def pipeline(stream_prefix: str, observer: Observer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The stream of audio, the tables, and what their names begin with."""
    monkeypatch.setenv("STREAMS", "kinesis")
    # It loads no model, but there is none for every Python; what is sent is the same.
    monkeypatch.setenv("RECOGNISER", "moonshine" if left_out("offline", "pocketsphinx") else "pocketsphinx")
    kinesis = observer.client("kinesis")
    kinesis.create_stream(StreamName=f"{stream_prefix}-audio", ShardCount=1)
    asyncio.run(create_tables(Aws(), f"t-{stream_prefix}-"))
    kinesis.get_waiter("stream_exists").wait(StreamName=f"{stream_prefix}-audio", WaiterConfig={"Delay": 1})
    return stream_prefix


@pytest.fixture
def frames(pipeline: str, observer: Observer) -> Callable[[], list[AudioFrame]]:
    """Every frame that was sent so far."""
    kinesis = observer.client("kinesis")

    def read() -> list[AudioFrame]:
        records = [decode(data) for data in records_on(kinesis, f"{pipeline}-audio")]
        return [record for record in records if isinstance(record, AudioFrame)]

    return read


def elsewhere(*arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_who_speaks_again_before_a_worker_came_stands_behind_what_was_said(
    llt: Llt, frames: Callable[[], list[AudioFrame]]
) -> None:
    first = llt("speak", flat("a.wav", 0.5), "--session", "talk", "--to", "es,ca", "--keep-open")
    assert (first.code, first.out, first.err) == (0, "Sent 0.5 s to session talk (es, ca); it is open.\n", "")
    second = llt("speak", "a.wav", "--session", "talk", "--to", "fr")
    assert second.out == "Sent 0.5 s to session talk (es, ca); it is ended.\n"
    assert second.err == "llt: session talk is into es, ca; --to fr does not count\n"
    sent = frames()
    assert sum(frame.samples for frame in sent) == RATE
    assert all(before.offset + before.samples <= after.offset for before, after in pairwise(sent))


def test_while_someone_speaks_nobody_else_can(llt: Llt, frames: Callable[[], list[AudioFrame]]) -> None:
    flat("long.wav", 300)
    with elsewhere("speak", "long.wav", "--session", "talk", "--keep-open") as speaker:
        wait_until(frames, "audio on the stream")
        refused = llt("speak", flat("short.wav", 1), "--session", "talk")
        assert speaker.poll() is None
        speaker.send_signal(signal.SIGINT)
        _, err = speaker.communicate(timeout=TIMEOUT)
    assert refused.code == 1
    assert refused.err == "llt: session talk: someone is speaking there now; wait for the end, or choose another id\n"
    sent = frames()
    assert all(before.offset + before.samples == after.offset for before, after in pairwise(sent))
    assert speaker.returncode == 130
    assert err.startswith("llt: stopped after ")
    assert "of 300.0 s; session talk is open: `llt sessions end talk` ends it" in err


def test_a_session_that_was_ended_meanwhile_is_told(
    llt: Llt, pipeline: str, frames: Callable[[], list[AudioFrame]]
) -> None:
    flat("talk.wav", 300)
    store = DynamoDbSessionStore(Aws(), f"t-{pipeline}-")
    with elsewhere("speak", "talk.wav", "--session", "talk") as speaker:
        wait_until(frames, "audio on the stream")
        asyncio.run(store.end("talk", 0, 0))
        _, err = speaker.communicate(timeout=TIMEOUT)
    assert speaker.returncode == 1
    assert err == "llt: session talk was ended while this was sent; what came after that is not heard\n"


def test_another_source_language_than_the_sessions_is_refused(llt: Llt) -> None:
    assert llt("sessions", "create", "talk", "--to", "es").code == 0
    refused = llt("speak", flat("a.wav", 0.2), "--session", "talk", "--source", "de")
    assert refused.code == 1
    assert "in 'en' as it began, got 16000 Hz in 'de'" in refused.err


def test_a_language_that_this_machine_does_not_serve_is_warned_of(llt: Llt) -> None:
    created = llt("sessions", "create", "talk", "--to", "es,xx")
    assert created.code == 0
    assert created.err.startswith("llt: warning: target language xx: from en these engines reach ca, ")
    assert created.err.count("\n") == 1
    spoken = llt("speak", flat("a.wav", 0.2), "--session", "german", "--source", "DE", "--to", "es")
    assert spoken.code == 0
    assert spoken.err.startswith("llt: warning: source language de: this recogniser hears en")


def test_foreign_text_is_shown_as_it_is(llt: Llt) -> None:
    assert llt("sessions", "create", "talk", "--owner", "[/x] [red]boss", "--to", "es").code == 0
    listed, shown = llt("sessions", "list"), llt("sessions", "show", "talk")
    assert (listed.code, shown.code) == (0, 0)
    assert "[/x] [red]boss" in listed.out
    assert "[/x] [red]boss" in shown.out


def test_settings_that_transcribe_would_refuse_make_no_session(llt: Llt) -> None:
    refused = llt("sessions", "create", "talk", "--setting", "TRANSCRIBE_VOCABULARY=english,spanish")
    assert (refused.code, refused.out) == (2, "")
    assert "TRANSCRIBE_VOCABULARY=english,spanish: expected one name" in refused.err
    options = "TRANSCRIBE_LANGUAGE_OPTIONS=en-US,es-US"
    both = llt("sessions", "create", "talk", "--setting", "TRANSCRIBE_VOCABULARY=english,spanish", "--setting", options)
    assert both.code == 0


def test_a_person_reads_how_far_a_session_has_come(llt: Llt) -> None:
    assert llt("sessions", "create", "talk", "--to", "es,ca", "--setting", "MAX_HOLD=20").code == 0
    rows = [line.split(maxsplit=1) for line in llt("sessions", "show", "talk").out.splitlines()]
    shown = [(name, text.strip()) for name, text in rows if name not in ("owner", "began")]
    assert shown == [
        ("session", "talk (open)"),
        ("languages", "en > es, ca"),
        ("audio", "16000 Hz"),
        ("last", "audio   none yet"),
        ("transcribed", "0.0 s of the session"),
        ("segments", "none yet"),
        ("taken", "up     not yet by a recogniser"),
        ("setting", "MAX_HOLD=20"),
    ]
    assert orjson.loads(llt("sessions", "show", "talk", "--json").out)["target_languages"] == ["es", "ca"]
