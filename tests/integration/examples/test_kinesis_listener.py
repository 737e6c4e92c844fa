"""The listener, on streams in LocalStack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from processors.backend import Backend
from shared.codec import encode
from shared.models import Record, SessionEnded, Translation
from shared.sessions import Session
from shared.streams import Entry, StreamName
from tests.integration.examples.program import run, started
from tests.support.localstack_backend import localstack_backend

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.usefixtures("aws_environment")]


@dataclass
class Talk:
    """A session in Spanish, and what leads a program there."""

    backend: Backend
    environment: Mapping[str, str]

    async def publish(self, *records: Record) -> None:
        """What translate publishes."""
        entries = [Entry(record.key, encode(record)) for record in records]
        await self.backend.streams[StreamName.TRANSLATIONS].publish(entries)


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with localstack_backend() as (prefix, backend):
        await backend.store.create(Session(id="talk", source_language="en", target_languages=("es",)))
        yield Talk(backend, {"STREAM_PREFIX": prefix, "TABLE_PREFIX": prefix})


def caption(number: int, text: str) -> Translation:
    return Translation(session="talk", captured_at=0, number=number, language="es", text=text, start=0, end=900)


async def test_it_prints_the_captions_until_the_session_ends(talk: Talk) -> None:
    await talk.publish(caption(1, "Buenas noches."), caption(2, "La \x1b[31mcasa."))
    with started("kinesis_listener", "talk", "es", environment=talk.environment) as program:
        shown = [await asyncio.to_thread(program.line) for _ in range(2)]
        await talk.publish(caption(4, "Adiós."), SessionEnded(session="talk", captured_at=0, language="es"))
        code, out, err = await asyncio.to_thread(program.end)
    assert shown == ["1: Buenas noches.\n", "2: La casa.\n"]
    assert out.splitlines()[2:] == ["3-3 did not come", "4: Adiós.", "the session is over: ended"]
    assert (code, err) == (0, "")


async def test_ctrl_c_ends_it_in_silence(talk: Talk) -> None:
    await talk.publish(caption(1, "Buenas noches."))
    with started("kinesis_listener", "talk", "es", environment=talk.environment) as program:
        assert await asyncio.to_thread(program.line) == "1: Buenas noches.\n"
        program.interrupt()
        code, out, err = await asyncio.to_thread(program.end)
    assert (code, out, err) == (130, "1: Buenas noches.\n", "")


@pytest.mark.parametrize(
    ("arguments", "told"), [(["none", "es"], "none"), (["talk", "tlh"], "tlh"), ([], "usage: python examples/")]
)
async def test_an_error_is_one_line(talk: Talk, arguments: list[str], told: str) -> None:
    code, out, err = await asyncio.to_thread(run, "kinesis_listener", *arguments, environment=talk.environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert told in err
