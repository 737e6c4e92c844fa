"""Nothing is lost or said twice where a recogniser writes in its final what it told otherwise before."""

from __future__ import annotations

import random

import pytest

from tests.support.effort import tries
from tests.support.virtual_time import run
from tests.unit.processors.stability.rewriting import pieces, results, unread
from tests.unit.processors.stability.stability_harness import segments, start_harness

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize("seed", range(tries(20)))
def test_a_hundred_utterances_with_rewritten_finals_lose_and_repeat_nothing(seed: int) -> None:
    async def main() -> list[str]:
        chance = random.Random(seed)
        harness = await start_harness()
        wrong, start = [], 0
        for number in range(1, 101):
            said = pieces(chance)
            told = results(said, chance, number, start)
            known = len(segments(harness))
            await harness.send(*told)
            start = told[-1].end + chance.randint(200, 2000)
            texts = [segment.text for segment in segments(harness)[known:]]
            if (failed := unread(said, " ".join(texts))) is not None:
                wrong.append(f"{failed} in {texts}, told last as {[word.text for word in told[-1].items]}")
        await harness.close()
        return wrong

    assert run(main()) == []
