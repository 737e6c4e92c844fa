"""The session's item: who may write what, and when."""

from __future__ import annotations

from typing import Any

import pytest

from shared.codec import decode, encode
from shared.errors import SettingError
from shared.models import SessionEnded
from shared.sessions import MemorySessionStore, Session, SessionStore
from shared.sessions.session import token_hash
from tests.support.session_store_cases import TALK, SessionStoreCases

pytestmark = pytest.mark.hermetic


@pytest.fixture
async def store() -> SessionStore:
    made = MemorySessionStore()
    await made.create(TALK)
    return made


class TestMemorySessionStore(SessionStoreCases):
    """In this process's memory."""


@pytest.mark.parametrize("id", ["", "-talk", ".talk", "a b", "a/b", "é", "talk\n", "x" * 129])
def test_an_id_that_would_not_do_as_a_key_is_refused(id: str) -> None:
    with pytest.raises(SettingError, match="expected 1-128 letters"):
        Session(id=id, source_language="en", target_languages=(), started_at=0)


@pytest.mark.parametrize("id", ["a", "7", "Talk_2026-01.b", "x" * 128])
def test_an_id_of_letters_digits_and_joints_will_do(id: str) -> None:
    assert Session(id=id, source_language="en", target_languages=(), started_at=0).id == id


@pytest.mark.parametrize("rate", [0, 7999, 48_001])
def test_a_rate_no_frame_may_have_is_refused(rate: int) -> None:
    with pytest.raises(SettingError, match=f"expected a rate of 8000-48000 Hz, got {rate}"):
        Session(id="talk", source_language="en", target_languages=(), started_at=0, rate=rate)


@pytest.mark.parametrize("field", ["started_at", "rate", "take", "heard", "last_frame_at", "number", "frontier"])
def test_a_part_of_a_number_is_refused(field: str) -> None:
    values: dict[str, Any] = {"started_at": 0, field: 16000.5}
    with pytest.raises(SettingError, match=rf"session talk: expected a whole number as {field}, got 16000\.5"):
        Session(id="talk", source_language="en", target_languages=(), **values)


async def test_the_store_takes_no_part_of_a_number(store: SessionStore) -> None:
    """No store of items would."""
    with pytest.raises(SettingError, match="last_frame_at"):
        await store.touch("talk", 0.5)  # type: ignore[arg-type]
    assert await store.load("talk") == TALK


def test_a_token_is_kept_as_its_hash_alone() -> None:
    assert token_hash("secret") == token_hash("secret") != token_hash("Secret")
    assert "secret" not in token_hash("secret")
    assert len(token_hash("")) == 64


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        ([f"l{n}" for n in range(101)], "expected at most 100 target languages, got 101"),
        (["es", "y" * 65], "expected languages of 1-64 characters, got one of 65"),
        (["es", ""], "expected languages of 1-64 characters, got one of 0"),
    ],
)
def test_languages_that_are_too_many_or_no_part_of_a_key_are_refused(languages: list[str], said: str) -> None:
    with pytest.raises(SettingError, match=f"session talk: {said}"):
        Session(id="talk", source_language="en", target_languages=tuple(languages))


def test_the_longest_id_and_language_are_a_key_that_is_read_again() -> None:
    session = Session(id="x" * 128, source_language="en", target_languages=("é" * 64,))
    ended = SessionEnded(session=session.id, captured_at=1, language=session.target_languages[0])
    assert decode(encode(ended)) == ended
