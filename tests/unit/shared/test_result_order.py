"""The one order of results that stability and captions go by."""

from __future__ import annotations

import pytest

from shared.models import FinalResult, PartialResult, Result, Word
from shared.result_order import Place, ResultOrder

pytestmark = pytest.mark.hermetic


def result(
    kind: type[PartialResult] | type[FinalResult], take: int, utterance: int, position: int, text: str
) -> Result:
    items = (Word(text, 0, 300),)
    return kind(
        session="talk", captured_at=0, take=take, utterance=utterance, start=0, end=300, position=position, items=items
    )


def partial(take: int, utterance: int, position: int, text: str = "one") -> Result:
    return result(PartialResult, take, utterance, position, text)


def final(take: int, utterance: int, position: int) -> Result:
    return result(FinalResult, take, utterance, position, "one")


@pytest.mark.parametrize(
    ("after", "before", "place"),
    [
        (partial(2, 3, 900), partial(2, 3, 901), Place.NEWER),
        (partial(2, 3, 900), partial(2, 3, 900, "won"), Place.NEWER),
        (partial(2, 3, 900), partial(2, 3, 900), Place.REPEATED),
        (partial(2, 3, 900), partial(2, 3, 899), Place.REPEATED),
        (partial(2, 3, 900), final(2, 3, 400), Place.NEWER),
        (final(2, 3, 900), final(2, 3, 900), Place.REPEATED),
        (final(2, 3, 900), partial(2, 3, 1900), Place.REPEATED),
        (final(2, 3, 900), partial(2, 4, 500), Place.NEWER),
        (partial(2, 3, 900), final(2, 2, 5000), Place.REPEATED),
        (partial(2, 3, 900), partial(3, 1, 0), Place.NEW_TAKE),
        (partial(2, 3, 900), final(1, 9, 5000), Place.STALE),
    ],
    ids=[
        "later",
        "another mind at one place",
        "the same",
        "earlier",
        "a final before its place",
        "a final again",
        "behind its final",
        "the next utterance",
        "a final that was left behind",
        "a newer take",
        "an older take",
    ],
)
def test_where_a_result_stands_to_the_newest(after: Result, before: Result, place: Place) -> None:
    order = ResultOrder()
    assert order.place(after) is Place.NEW_TAKE
    assert order.place(before) is place
    newest = before if place in (Place.NEWER, Place.NEW_TAKE) else after
    assert order.place(newest) is Place.REPEATED


def test_behind_the_end_of_a_take_older_ones_are_no_news() -> None:
    order = ResultOrder()
    order.place(partial(1, 1, 900))
    order.end(2)
    assert order.place(final(1, 1, 900)) is Place.STALE
    assert order.place(partial(2, 1, 500)) is Place.NEW_TAKE
    assert order.place(partial(2, 1, 600)) is Place.NEWER
