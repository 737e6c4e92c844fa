"""What is translated once is not translated again, for as long and as far as the cache reaches."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.translate.cache import MemoryTranslationCache, cache_key
from processors.translate.caching_translator import CachingTranslator
from processors.translate.engines.scripted import ScriptedTranslator
from shared.metrics import MemoryMetrics
from tests.support.virtual_time import VirtualClock, run

pytestmark = pytest.mark.hermetic


def test_the_same_text_in_one_pair_of_languages_shares_a_key() -> None:
    key = cache_key("Good night, Bob.", "en", "es", "aws")
    assert key.startswith("en:es:")
    assert "night" not in key
    assert cache_key(" Good  night,\u00a0Bob.\n", "en", "es", "aws") == key
    assert cache_key("Good night, Rob.", "en", "es", "aws") != key
    assert cache_key("Good night, Bob.", "en", "ca", "aws") != key
    assert cache_key("Good night, Bob.", "ca", "es", "aws") != key
    assert cache_key("Good night, Bob.", "en", "es", "apertium") != key


def test_a_letter_and_its_accent_are_the_letter_with_its_accent() -> None:
    assert cache_key("caf\u00e9", "fr", "es", "aws") == cache_key("cafe\u0301", "fr", "es", "aws")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You are a friend.", "You are a *** friend."),
        ("It is 5 degrees.", "It is -5 degrees."),
        ("It costs $5.", "It costs £5."),
        ("You are coming.", "You are coming?"),
        ("He told us.", "He told US."),
        ("?", "!"),
    ],
)
def test_what_may_mean_something_else_is_translated_by_itself(one: str, other: str) -> None:
    async def main() -> None:
        engine = ScriptedTranslator()
        cached = CachingTranslator(engine, MemoryTranslationCache(10, clock=VirtualClock()), MemoryMetrics())
        for text in (one, other, one, f" {other}  "):
            assert await cached.translate(text, "en", "es") == f"[es] {text.strip()}"
        assert [text for text, _, _ in engine.requests] == [one, other]

    run(main())


def test_a_translation_is_forgotten_after_its_time() -> None:
    async def main() -> None:
        cache = MemoryTranslationCache(10, ttl=60, clock=VirtualClock())
        await cache.put("key", "hola")
        await asyncio.sleep(59)
        assert await cache.get("key") == "hola"
        await asyncio.sleep(1)
        assert await cache.get("key") is None
        assert cache.size == 0

    run(main())


def test_the_least_recently_used_goes_first() -> None:
    async def main() -> None:
        cache = MemoryTranslationCache(2, clock=VirtualClock())
        await cache.put("one", "uno")
        await cache.put("two", "dos")
        assert await cache.get("one") == "uno"
        await cache.put("three", "tres")
        assert [await cache.get(key) for key in ("one", "two", "three")] == ["uno", None, "tres"]

    run(main())


@given(st.integers(1, 5), st.lists(st.tuples(st.sampled_from("abcdefgh"), st.text(max_size=3)), max_size=30))
def test_it_never_outgrows_its_capacity_and_always_knows_the_newest(capacity: int, puts: list[tuple[str, str]]) -> None:
    async def main() -> None:
        cache = MemoryTranslationCache(capacity, clock=VirtualClock())
        for key, text in puts:
            await cache.put(key, text)
            assert await cache.get(key) == text
            assert cache.size <= capacity

    run(main())
