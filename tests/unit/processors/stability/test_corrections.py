"""What a final corrects: segment by segment, and numbers whatever their share."""

from __future__ import annotations

from typing import Any

import pytest

from processors.stability.amounts import amounts_differ
from processors.stability.correction import corrections
from processors.stability.numerals import numerals
from shared.metrics import Metric
from shared.models import Correction, FinalResult, Segment, Word
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import corrections as emitted
from tests.unit.processors.stability.stability_harness import final, items, partial, processed, said

pytestmark = pytest.mark.hermetic

_LONG = "we sold the very old car that my uncle had for"


def _seen(made: list[Correction]) -> list[tuple[int, int, str, bool]]:
    return [(c.first, c.last, c.text, c.number_wrong) for c in made]


@pytest.mark.parametrize(
    ("committed", "heard"),
    [
        ("20 dollars .", "25 dollars ."),
        ("20 dollars .", "200 dollars ."),
        ("20 dollars .", "some dollars ."),
        ("some dollars .", "20 dollars ."),
        ("$25 .", "€25 ."),
        ("25 % .", "2.5 % ."),
        ("2 or 3 .", "3 or 2 ."),
        ("٢٠ .", "٢٥ ."),
        ("½ .", "¼ ."),
    ],
)
def test_one_wrong_number_is_corrected_however_long_its_segment_is(committed: str, heard: str) -> None:
    harness = run(processed(partial(f"{_LONG} {committed} ~and"), final(f"{_LONG} {heard} and then .", 9000)))
    assert [(c.first, c.last, c.number_wrong) for c in emitted(harness)] == [(1, 1, True)]
    assert heard.split()[0] in emitted(harness)[0].text
    assert harness.metrics.total(Metric.RESULTS_CONTRADICTED) == 1
    assert said(harness)[0].startswith(_LONG)


@pytest.mark.parametrize(
    "heard", ["2000 dollars .", "2,000 dollars .", "2\N{NO-BREAK SPACE}000 dollars .", "２０００ dollars ."]
)
def test_a_number_that_is_only_written_otherwise_is_right(heard: str) -> None:
    heard_items = tuple(Word(text, 0, 0) for text in heard.split(" "))
    assert not amounts_differ((Word("2000", 0, 0), Word("dollars", 0, 0)), heard_items, numerals("en"))


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("twenty dollars", "$20", False),
        ("twenty dollars", "$30", True),
        ("twenty dollars", "thirty dollars", True),
        ("twenty dollars", "twenty euros", True),
        ("twenty five thousand people", "25,000 people", False),
        ("twenty five thousand people", "24,000 people", True),
        ("two dollars fifty", "$2.50", False),
        ("three thirty", "3:30", False),
        ("$5", "5 dollars", False),
        ("$5", "€5", True),
        ("50%", "50 percent", False),
        ("seven", "eleven", True),
        ("four him", "for him", False),
        ("it won", "it one", False),
        ("some people", "fifty people", True),
        ("two point five", "twenty five", True),
        ("in nineteen eighty four", "in 1984", False),
        ("6 million", "60 million", True),
        ("2.5 million", "25 million", True),
    ],
)
def test_amounts_are_compared_by_what_they_say(one: str, other: str, differ: bool) -> None:
    assert amounts_differ(items(one), items(other), numerals("en")) is differ
    assert amounts_differ(items(other), items(one), numerals("en")) is differ


@pytest.mark.parametrize(
    ("language", "said", "written"),
    [
        ("en", "twenty-five dollars", "$25"),
        ("en", "seven hundred and eleven thousand", "711,000"),
        ("es", "un millón ciento setenta y ocho", "1.000.178"),
        ("fr", "dix-sept", "17"),
        ("fr", "soixante dix", "70"),
        ("fr", "quatre-vingt-dix-neuf euros", "99€"),
        ("fr", "six cents", "600"),
        ("de", "dreihundertfünfundvierzig", "345"),
        ("de", "achtundachtzigtausendneunhundertachtzehn", "88.918"),
        ("de", "eine Million hunderttausend", "1.100.000"),
        ("de", "neunzehnhundertvierundachtzig", "1984"),
        ("it", "settecentottantuno", "781"),
        ("it", "ventitremilaseicento", "23.600"),
        ("nl", "driehonderdvijfenveertig", "345"),
        ("pl", "pięć tysięcy", "5000"),
        ("ru", "пять", "5"),
    ],
)
def test_an_amount_in_the_words_of_its_language_is_that_in_digits(language: str, said: str, written: str) -> None:
    assert not amounts_differ(items(said), items(written), numerals(language))
    assert amounts_differ(items(said), items(f"{written}7"), numerals(language))


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("es", "un coche", "el coche"),
        ("de", "ein Haus", "das Haus"),
        ("de", "eine Frau", "die Frau"),
        ("it", "un gatto", "il gatto"),
        ("nl", "een huis", "het huis"),
        ("en", "6 million", "6,000,000"),
    ],
)
def test_an_article_and_another_way_of_writing_are_no_other_amount(language: str, one: str, other: str) -> None:
    assert not amounts_differ(items(one), items(other), numerals(language))


def test_another_word_in_a_long_segment_is_no_contradiction() -> None:
    harness = run(
        processed(
            partial(f"{_LONG} 20 dollars . ~and"),
            final(f"{_LONG.replace('uncle', 'aunt')} 20 dollars . and then .", 9000),
        )
    )
    assert emitted(harness) == []


def test_a_wrong_sentence_is_seen_among_many_right_ones() -> None:
    right = "he came to us . she went to them . no . they all stayed at home . and then"
    wrong = right.replace("no .", "yes .")
    harness = run(processed(partial(f"{right} ~it"), final(f"{wrong} it rained .", 9000)))
    assert _seen(emitted(harness)) == [(3, 3, "yes.", False)]
    assert harness.metrics.total(Metric.RESULTS_CONTRADICTED) == 1


def test_wrong_sentences_apart_are_corrected_each_and_neighbours_as_one() -> None:
    right = "no . he came to us . 5 . seven . so it was . ~and"
    harness = run(processed(partial(right), final("yes . he came to us . 6 . eleven . so it was . and then .", 9000)))
    assert _seen(emitted(harness)) == [(1, 1, "yes.", False), (3, 4, "6. eleven.", True)]
    assert harness.metrics.total(Metric.RESULTS_CONTRADICTED) == 1
    revisions = {c.revision for c in emitted(harness)}
    assert len(revisions) == 1


def test_words_that_nothing_places_are_corrected_with_both_segments_around_them() -> None:
    before = "we think that they had come from new | york in May . ~and"
    early = before.removesuffix(" in May . ~and")
    after = "we think that they had come from Newark in March . and then ."
    harness = run(processed(partial(early), partial(before), final(after, 9000)))
    assert said(harness)[:2] == ["we think that they had come from new", "york in May."]
    assert _seen(emitted(harness)) == [(1, 2, "we think that they had come from Newark in March.", False)]


def test_a_revision_says_take_and_utterance_so_that_the_newer_one_is_higher() -> None:
    def revision(take: int, utterance: int) -> int:
        heard: dict[str, Any] = {"take": take, "utterance": utterance}
        (made,) = emitted(run(processed(partial("one . ~two", **heard), final("nine . two .", 900, **heard))))
        return made.revision

    order = [(1, 1), (1, 2), (2, 1), (2, 7), (3, 1)]
    assert sorted(order, key=lambda place: revision(*place)) == order
    assert revision(2, 7) == revision(2, 7)


def test_a_correction_names_the_language_that_was_identified() -> None:
    harness = run(processed(partial("one . ~two"), final("nine . two .", 900, language="fr")))
    assert [c.language for c in emitted(harness)] == ["fr"]


@pytest.mark.parametrize("heard", ["", ".", "one"])
def test_a_final_that_drops_words_drops_them_from_captions(heard: str) -> None:
    harness = run(processed(partial("one . two . ~three"), final(heard, 2000)))
    (made,) = emitted(harness)
    assert (made.last, made.text) == (2, "")


def test_nothing_committed_is_contradicted_by_nothing() -> None:
    result = FinalResult(
        session="talk", captured_at=0, take=1, utterance=1, start=0, end=0, position=0, items=items("20")
    )
    none: list[Segment] = []
    assert list(corrections(result, none, (), numerals("en"))) == []
