"""Whatever is said, Apertium answers it, and keeps the signs that mean something to itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.translate.engines.apertium import ApertiumTranslator
from tests.support.effort import tries

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def lasting(runner: asyncio.Runner) -> Iterator[ApertiumTranslator]:
    async def make() -> ApertiumTranslator:
        return ApertiumTranslator()

    engine = runner.run(make())
    yield engine
    runner.run(engine.close())


_SPECIALS = '*#@+~_^$/\\<>{}[]|=%"()'
_WORDS = "the cats are in U.S.A. Mr. etc. I don't like 3.14 10% . ... ? ! , ; zorb foo/bar"
_PIECES = st.sampled_from(_WORDS.split())


@settings(max_examples=tries(150))
@given(text=st.lists(_PIECES | st.text(_SPECIALS + "ab ", max_size=6), max_size=8).map(" ".join))
def test_no_text_stalls_a_pipeline_or_loses_its_signs(
    text: str, runner: asyncio.Runner, lasting: ApertiumTranslator
) -> None:
    answer = runner.run(lasting.translate(text, "en", "ca"))
    assert Counter(filter(_SPECIALS.__contains__, answer)) == Counter(filter(_SPECIALS.__contains__, text))
