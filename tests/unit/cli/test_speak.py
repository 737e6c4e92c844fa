"""What `llt speak` refuses, and what it sends of recordings and pipes, where the streams are in this process."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from cli.speak import command
from processors.backend import Backend, memory
from shared.codec import decode, encode
from shared.models import AudioFrame, SessionEnded
from shared.sessions import Session, SessionState
from shared.settings import Settings
from shared.streams import Entry, StreamName
from shared.streams.base import OLDEST
from shared.streams.follow import Follower
from tests.support.media import encoded, tone
from tests.support.wav import flat
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic

RATE = 16000


@pytest.fixture(autouse=True)
def backend(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Streams in memory, that every command of a test finds."""
    made = memory(Settings())
    monkeypatch.setattr(command, "shared_backend", lambda *_: made)
    monkeypatch.setenv("RECOGNISER", "scripted:nothing.jsonl")
    monkeypatch.setenv("TRANSLATOR", "scripted")
    monkeypatch.setenv("SYNTHESIZER", "scripted")
    (clean_environment / "nothing.jsonl").touch()
    return made


def sent(backend: Backend) -> list[AudioFrame | SessionEnded]:
    """What stands on the stream of audio."""

    async def read() -> list[AudioFrame | SessionEnded]:
        streams = {StreamName.AUDIO: backend.streams[StreamName.AUDIO]}
        async with Follower(streams, OLDEST) as follower:
            records = [decode(found.item.data) async for found in follower.backlog()]
        return [record for record in records if isinstance(record, AudioFrame | SessionEnded)]

    return asyncio.run(read())


def seconds(backend: Backend) -> float:
    return sum(record.samples for record in sent(backend) if isinstance(record, AudioFrame)) / RATE


def session(backend: Backend, **particulars: object) -> Session:
    made = Session(id="talk", source_language="en", target_languages=("es", "ca"), **particulars)  # type: ignore[arg-type]
    asyncio.run(backend.store.create(made))
    return made


def test_a_recording_of_any_format_is_sent_whole(llt: Llt, backend: Backend) -> None:
    encoded(Path("talk.m4a"), "aac", tone(48_000, 1)[:, None], layout="mono")
    spoken = llt("speak", "talk.m4a", "--session", "talk")
    assert (spoken.code, spoken.out) == (0, "Sent 1.0 s to session talk (es, ca); it is ended.\n")
    assert seconds(backend) == pytest.approx(1, abs=0.05)


def test_a_pipe_is_sent_as_it_comes(llt: Llt, backend: Backend) -> None:
    data = Path(flat("talk.wav", 1)).read_bytes()
    os.mkfifo("fifo")

    def write() -> None:
        with open("fifo", "wb") as fifo:
            fifo.write(data[:40] + b"\xff" * 4 + data[44:])

    writer = threading.Thread(target=write)
    writer.start()
    spoken = llt("speak", "fifo", "--session", "talk")
    writer.join()
    assert (spoken.code, spoken.out, spoken.err) == (0, "Sent 1.0 s to session talk (es, ca); it is ended.\n", "")
    assert seconds(backend) == 1


def test_a_recording_that_outlasts_the_longest_session_makes_none(
    llt: Llt, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_SESSION_LENGTH", "60")
    refused = llt("speak", flat("talk.wav", 61), "--session", "talk")
    assert (refused.code, refused.err) == (
        2,
        "llt: MAX_SESSION_LENGTH=60: expected at least 61 s, which talk.wav lasts; set it higher, or cut the recording\n",
    )
    assert asyncio.run(backend.store.open_sessions()) == []
    assert sent(backend) == []


def test_a_session_has_its_own_longest_and_what_it_heard_counts(llt: Llt, backend: Backend) -> None:
    session(backend, settings={"MAX_SESSION_LENGTH": "60"}, started_at=1, heard=59_500)
    refused = llt("speak", flat("talk.wav", 1), "--session", "talk")
    assert refused.code == 2
    assert "expected at least 61 s, which talk.wav lasts behind 60 s that the session has heard" in refused.err
    assert sent(backend) == []


def test_a_session_whose_end_waits_for_a_worker_is_over(llt: Llt, backend: Backend) -> None:
    first = llt("speak", flat("talk.wav", 0.5), "--session", "talk")
    assert first.code == 0
    assert asyncio.run(backend.store.load("talk")).state is SessionState.OPEN
    second = llt("speak", "talk.wav", "--session", "talk")
    assert (second.code, second.out, second.err) == (
        1,
        "",
        "llt: session talk: its end is on its way to the workers; choose another id\n",
    )
    assert seconds(backend) == 0.5


@pytest.mark.slow
def test_the_end_of_another_session_is_nothing_to_this_one(llt: Llt, backend: Backend) -> None:
    session(backend)
    ended = SessionEnded(session="another", captured_at=1)
    asyncio.run(backend.streams[StreamName.AUDIO].publish([Entry(ended.key, encode(ended))]))
    spoken = llt("speak", flat("talk.wav", 0.5), "--session", "talk")
    assert (spoken.code, spoken.err) == (0, "")
