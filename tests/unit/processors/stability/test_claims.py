"""Decisions are written once: restarts, two owners, seams between takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.contract import Closing
from shared.errors import SessionUnknown, StoreUnavailable
from shared.metrics import Metric
from shared.models import FinalResult, Record, Result, Segment
from shared.sessions import MemorySessionStore, Session
from tests.support.effort import tries
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    ended,
    final,
    items,
    partial,
    processed,
    said,
    segments,
    settle,
    spoken,
    start_harness,
)

pytestmark = pytest.mark.hermetic


class FaultyStore(MemorySessionStore):
    """Takes so many claims; the next it stores or not, and then fails."""

    def __init__(self) -> None:
        super().__init__()
        self.claims_left: int | None = None
        self.stores_last = False

    async def claim(self, session: str, segments: Sequence[Segment], **decided: Any) -> None:
        if self.claims_left == 0:
            if self.stores_last:
                await super().claim(session, segments, **decided)
            raise StoreUnavailable("out of order")
        if self.claims_left is not None:
            self.claims_left -= 1
        await super().claim(session, segments, **decided)


async def faulty_store() -> FaultyStore:
    store = FaultyStore()
    await store.create(Session(id="talk", source_language="en", target_languages=("es",), started_at=0))
    return store


def test_a_session_that_nobody_created_is_refused() -> None:
    with pytest.raises(SessionUnknown):
        run(start_harness(MemorySessionStore()))


def test_the_item_says_what_is_decided_before_it_is_published() -> None:
    async def main() -> None:
        harness = await processed(partial("one . two ! ~three"))
        item = await harness.store.load("talk")
        assert (item.number, item.frontier) == (2, 600)
        assert [word.text for word in item.words] == ["one", "two"]
        assert list(item.claimed) == segments(harness)

    run(main())


def test_what_is_published_is_no_longer_claimed() -> None:
    async def main() -> None:
        harness = await start_harness()
        await harness.send(final("one .", utterance=1), final("two .", utterance=2, start=300))
        await settle()
        await harness.send(final("three .", utterance=3, start=600))
        item = await harness.store.load("talk")
        assert [segment.number for segment in item.claimed] == [3]

    run(main())


def test_the_item_keeps_the_last_forty_words() -> None:
    async def main() -> None:
        texts = [f"w{n}" for n in range(50)]
        harness = await processed(final(" ".join(texts[:30])), final(" ".join(texts[30:]), utterance=2, start=9000))
        assert [word.text for word in (await harness.store.load("talk")).words] == [f"w{n}" for n in range(10, 50)]

    run(main())


def test_a_restart_between_claim_and_publication_publishes_and_goes_on_in_mid_utterance() -> None:
    async def main() -> None:
        store = await faulty_store()
        store.claims_left, store.stores_last = 0, True
        first = await start_harness(store)
        heard = partial("one two . ~three", 900)
        with pytest.raises(StoreUnavailable):
            await first.send(heard)
        assert first.emitted == []
        store.claims_left = None
        second = await start_harness(store)
        assert said(second) == ["one two."]
        await second.send(heard, final("one two . three four .", 1500))
        assert said(second) == ["one two.", "three four."]
        assert [segment.number for segment in segments(second)] == [1, 2]

    run(main())


def test_a_refused_claim_publishes_what_the_other_decided_and_then_the_rest() -> None:
    async def main() -> None:
        mine = await processed(partial("one . ~two", 600))
        other = await start_harness(mine.store)
        await other.send(partial("one . two three . ~four", 1200))
        await mine.send(final("one . two three . four five .", 2000))
        assert said(mine) == ["one.", "one.", "two three.", "four five."]
        assert [segment.number for segment in segments(mine)] == [1, 1, 2, 3]
        assert mine.metrics.total(Metric.CLAIMS_REFUSED) == 1
        await other.send(final("one . two three . four five .", 2000))
        numbers = [segment.number for segment in segments(other)]
        assert numbers[-1] == 3
        assert {s.number: s.text for s in segments(other)} == {s.number: s.text for s in segments(mine)}

    run(main())


def test_a_timer_outlives_a_store_that_fails() -> None:
    async def main() -> None:
        store = await faulty_store()
        harness = await start_harness(store)
        await harness.send(partial("one two ~three", 900))
        await harness.send(partial("one two . ~three", 950))
        store.claims_left = 0
        await asyncio.sleep(8)
        assert said(harness) == []
        store.claims_left = None
        await asyncio.sleep(1.1)
        assert said(harness) == ["one two."]
        await harness.close()

    run(main())


def test_a_result_read_twice_does_not_agree_with_itself() -> None:
    async def main() -> None:
        store = await faulty_store()
        harness = await start_harness(store)
        await harness.send(partial("one . two . three", 1000, marked=False))
        await harness.send(partial("one . too . three", 1050, marked=False))
        store.claims_left = 0
        await asyncio.sleep(0.5)
        store.claims_left = None
        await asyncio.sleep(1)
        assert said(harness) == ["one."]

    run(main())


def test_utterances_heard_again_after_a_restart_are_not_committed_again() -> None:
    async def main() -> None:
        heard = [
            final("no no .", utterance=1),
            final("no yes . no", utterance=2, start=900),
            final("no", utterance=3, start=2100),
        ]
        harness = await processed(*heard)
        again = await start_harness(harness.store)
        await settle()
        before = len(again.emitted)
        await again.send(*heard, final("no no", utterance=4, start=2700))
        assert [segment.text for segment in segments(again)[before:]] == ["no no"]
        assert [segment.number for segment in segments(again)[before:]] == [5]
        assert again.acked == [*heard, again.acked[-1]]

    run(main())


def test_what_follows_an_utterance_heard_again_is_new_however_its_times_drift() -> None:
    async def main() -> None:
        heard = final("thank you .", utterance=1)
        again = await start_harness((await processed(heard)).store)
        await again.send(heard, final("thank you .", utterance=2, start=450))
        assert said(again) == ["thank you.", "thank you."]
        assert [segment.number for segment in segments(again)] == [1, 2]

    run(main())


@st.composite
def histories(draw: st.DrawFn) -> list[Result]:
    """One take: partials that are prefixes of their final, which every utterance gets."""
    results: list[Result] = []
    start = 0
    for utterance in range(1, draw(st.integers(1, 4)) + 1):
        texts = draw(st.lists(st.sampled_from(["a", "b", "no", "ice", "cream", "***", ".", ",", "|"]), max_size=10))
        marked = draw(st.booleans())
        whole = items(" ".join(texts), start, marked=marked)
        position = start
        for count in sorted(draw(st.lists(st.integers(0, len(whole)), max_size=5))):
            position += draw(st.integers(50, 700))
            results.append(partial("", position, utterance=utterance, start=start, items=whole[:count]))
        end = max((item.end for item in whole), default=start)
        position = max(position, end) + 50
        results.append(final("", position, utterance=utterance, start=start, items=whole))
        start = end + draw(st.sampled_from([0, 100, 900]))
    return results


@settings(max_examples=tries(200))
@given(histories(), st.data())
def test_every_word_is_committed_once_whenever_the_operator_dies(history: list[Result], data: st.DataObject) -> None:
    async def main() -> None:
        store = await faulty_store()
        stream: list[Record] = [*history, ended()]
        published: dict[int, Segment] = {}
        oldest = 0
        for death in [*data.draw(st.lists(st.integers(1, len(stream)), max_size=4)), None]:
            store.claims_left = None if death is None else data.draw(st.integers(0, 4))
            store.stores_last = data.draw(st.booleans())
            harness = await start_harness(store)
            try:
                for record in stream[oldest:][:death]:
                    await harness.send(record, every=data.draw(st.sampled_from([0.0, 0.3, 2.5, 16.0])))
            except StoreUnavailable:
                pass
            for segment in segments(harness):
                assert published.setdefault(segment.number, segment) == segment
            oldest = next((i for i, record in enumerate(stream) if i >= oldest and record not in harness.acked), oldest)
            await harness.close(Closing.SHUTDOWN)
        assert sorted(published) == list(range(1, len(published) + 1))
        finals = [word for result in history if isinstance(result, FinalResult) for word in result.items]
        words = spoken([published[number] for number in sorted(published)])
        assert words == [word.text for word in finals if not word.is_punctuation]

    run(main())
