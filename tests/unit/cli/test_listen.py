"""A listener: what it is told, and what it does to files that are there."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from cli.listen.files import Files
from cli.listen.listener import Listener
from cli.listen.renderer import JsonLines, Renderer, Terminal
from processors.backend import Backend, memory
from shared.clock import SystemClock
from shared.codec import encode
from shared.errors import LowLatencyTranslateError, SessionUnknown, StreamUnavailable
from shared.models import Record, SessionEnded, Speech, Translation
from shared.sessions import MemorySessionStore, Session, SessionState
from shared.settings import Settings
from shared.streams import Batch, Entry, MemoryStream, ShardReader, Start, StreamName
from tests.support.virtual_time import run

pytestmark = pytest.mark.hermetic

TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)
OLD = b"what an earlier listener wrote"


class Told:
    """A Show that remembers."""

    def __init__(self, waiting: Callable[[], None] = lambda: None) -> None:
        self.lines: list[str] = []
        self._waiting = waiting
        self.there = asyncio.Event()

    def waiting(self, reason: str) -> None:
        self.lines.append(f"waiting: {reason}")
        self._waiting()

    def joined(self, session: Session) -> None:
        self.lines.append("joined")
        self.there.set()

    def show(self, event: Any) -> None:
        self.lines.append(getattr(event, "text", type(event).__name__))

    def ended(self, session: str) -> None:
        self.lines.append("ended")

    def wrote(self, files: Sequence[Path]) -> None:
        self.lines.extend(map(str, files))


async def publish(backend: Backend, *records: Record) -> None:
    for record in records:
        for name in (StreamName.SPEECH,) if isinstance(record, Speech) else (StreamName.TRANSLATIONS,):
            await backend.streams[name].publish([Entry(record.key, encode(record))])
        if isinstance(record, SessionEnded):
            await backend.streams[StreamName.SPEECH].publish([Entry(record.key, encode(record))])


def spoken() -> list[Record]:
    now = SystemClock().now()
    return [
        Translation(session="talk", captured_at=now, number=1, language="es", text="Hola.", start=0, end=1000),
        Speech(
            session="talk", captured_at=now, number=1, language="es", start=0, end=1000, attempt=1, offset=0, last=True,
            payload=bytes(400),
        ),
        SessionEnded(session="talk", captured_at=now, language="es"),
    ]  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Two files that are there already."""
    for name in ("talk.vtt", "talk.wav"):
        (tmp_path / name).write_bytes(OLD)
    return Files(tmp_path / "talk.vtt", tmp_path / "talk.wav")


async def listen(backend: Backend, files: Files, told: Renderer, language: str | None = "es") -> None:
    with files:
        await Listener(backend, "talk", language, told, files, captions=True).run()


def reason(caught: pytest.ExceptionInfo[BaseException]) -> str:
    error = caught.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, LowLatencyTranslateError)
    return str(error)


@pytest.mark.parametrize(
    ("session", "language", "says"),
    [
        (
            replace(TALK, state=SessionState.ENDED),
            "es",
            "session talk has ended, and its captions and speech can be had",
        ),
        (TALK, "fr", "session talk: expected one of es, got fr"),
        (TALK, "en", "session talk: en is what is spoken; leave --language out"),
    ],
)
async def test_where_there_is_nothing_to_hear_files_stay_as_they_are(
    session: Session, language: str, says: str, files: Files
) -> None:
    backend = memory(Settings())
    await backend.store.create(session)
    with pytest.raises((LowLatencyTranslateError, BaseExceptionGroup)) as caught:
        await listen(backend, files, Told(), language)
    assert reason(caught).startswith(says)
    assert [path.read_bytes() for path in files.asked] == [OLD, OLD]
    assert files.written == []


async def test_a_session_that_has_ended_names_the_files_that_stay(files: Files) -> None:
    backend = memory(Settings())
    await backend.store.create(replace(TALK, state=SessionState.ENDED))
    with pytest.raises((LowLatencyTranslateError, BaseExceptionGroup)) as caught:
        await listen(backend, files, Told())
    assert reason(caught).endswith("; ".join(["", *(f"{path} stays as it is" for path in files.asked)]))


@pytest.mark.parametrize(("reason", "told"), [("ended", ""), ("idle", ": idle"), ("too long", ": too long")])
async def test_the_end_says_why_unless_somebody_ended_the_session(
    reason: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for show in (Terminal(Console()), JsonLines()):
        backend = memory(Settings())
        await backend.store.create(TALK)
        listening = asyncio.create_task(listen(backend, Files(None, None), show))
        await asyncio.sleep(0.05)
        for record in spoken():
            await publish(backend, replace(record, reason=reason) if isinstance(record, SessionEnded) else record)
        await listening
    lines = capsys.readouterr().out.splitlines()
    assert f"(session talk has ended{told})" in [line.strip() for line in lines]
    assert orjson.loads(lines[-1]) == {"event": "ended", "session": "talk", "reason": reason}


class Cut(MemoryStream):
    """Cannot be read while it is cut."""

    cut = False

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        return _CutReader(self, await super().reader(shard, start, retain=retain))


class _CutReader:
    def __init__(self, stream: Cut, reader: ShardReader) -> None:
        self._stream = stream
        self._reader = reader

    async def read(self) -> Batch:
        if self._stream.cut:
            raise StreamUnavailable("cut")
        return await self._reader.read()

    def ack_until(self, sequence: int) -> None:
        self._reader.ack_until(sequence)

    def close(self) -> None:
        self._reader.close()


def test_an_outage_of_captions_and_speech_is_told_once_and_so_is_its_end(files: Files) -> None:
    async def main() -> None:
        streams = {name: Cut(name) for name in StreamName}
        backend, told = replace(memory(Settings()), streams=streams), Told()
        await backend.store.create(TALK)
        listening = asyncio.create_task(listen(backend, files, told))
        for cut in (False, True, False):
            for stream in streams.values():
                stream.cut = cut
            await asyncio.sleep(10)
        await publish(backend, *spoken())
        await listening
        assert told.lines[:3] == ["joined", "Interrupted", "Resumed"]
        assert "Interrupted" not in told.lines[3:]
        assert "Hola." in told.lines

    run(main())


async def test_files_stay_until_there_is_something_to_write(files: Files) -> None:
    backend, told = memory(Settings()), Told()
    listening = asyncio.create_task(listen(backend, files, told))
    await asyncio.sleep(0.05)
    assert told.lines == ["waiting: there is no session talk yet"]
    await backend.store.create(TALK)
    await told.there.wait()
    assert [path.read_bytes() for path in files.asked] == [OLD, OLD]
    await publish(backend, *spoken())
    await listening
    vtt, wav = files.asked
    assert files.written == [vtt, wav]
    assert "Hola." in vtt.read_text()
    with wave.open(str(wav)) as speech:
        assert speech.getnframes() >= 200
    assert told.lines[-1] == "ended"


async def test_a_session_that_ends_while_it_is_looked_for_is_still_heard(files: Files) -> None:
    class Late(MemorySessionStore):
        """Is asked in vain twice; by the third time the session has come and gone."""

        asked = 0

        async def load(self, session: str) -> Session:
            self.asked += 1
            if self.asked < 3:
                raise SessionUnknown(session)
            return await super().load(session)

    store = Late()
    await store.create(replace(TALK, state=SessionState.ENDED))
    backend = replace(memory(Settings()), store=store)
    told = Told(waiting=lambda: gone.append(asyncio.ensure_future(publish(backend, *spoken()))))
    gone: list[asyncio.Future[None]] = []
    await listen(backend, files, told)
    assert "Hola." in told.lines
    assert told.lines[-1] == "ended"
