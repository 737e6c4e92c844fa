"""Nothing is committed inside a number, an amount, a time or an abbreviation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.models import Word
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import (
    corrections,
    final,
    items,
    partial,
    processed,
    said,
    segments,
    silence,
)

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("language", "hypothesis", "committed"),
    [
        ("en", "we sold it for twenty | five thousand dollars ~then", []),
        ("en", "it costs two | dollars | fifty ~now", []),
        ("en", "it costs two dollars | and | fifty | cents ~now", []),
        ("en", "we met at three | thirty | p | m ~then", []),
        ("en", "we met at five | past | three ~then", []),
        ("en", "in nineteen | eighty four | it ~was", []),
        ("en", "it is minus | ten | degrees ~here", []),
        ("en", "about two | point | five | percent ~more", []),
        ("en", "one hundred | and | twelve ~people", []),
        ("en", "the twenty | first | of ~may", []),
        ("en", "twenty-five | thousand ~dollars", []),
        ("en", "$25 | ,000 ~dollars", []),
        ("en", "the U | S | A ~won", []),
        ("es", "costó veinticinco | mil | euros ~ayer", []),
        ("es", "somos treinta | y | cinco ~personas", []),
        ("fr", "il y a vingt | cinq | mille ~euros", []),
        ("de", "es waren fünfundzwanzig | tausend ~Euro", []),
        ("de", "um dreihundertfünfundvierzig | Komma | fünf ~Prozent", []),
        ("it", "sono venticinquemila | euro ~ieri", []),
        ("pt", "vinte | e | cinco | mil ~euros", []),
        ("en", "we went | home | at ~last", ["we went home"]),
        ("en", "we saw seven people | at ~home", ["we saw seven people"]),
        ("en", "he is seven . | And ~then", ["he is seven."]),
    ],
)
def test_a_pause_inside_a_number_parts_nothing(language: str, hypothesis: str, committed: list[str]) -> None:
    assert said(run(processed(replace(partial(hypothesis), language=language)))) == committed


@pytest.mark.parametrize(
    ("numbers", "left"),
    [
        ("four five one two " * 4, "two"),
        ("sixty fifty nine fifty eight fifty seven fifty six " * 2, "fifty six"),
        ("twenty five dollars thirty six dollars fifty seven dollars " * 2, ""),
    ],
    ids=["card", "countdown", "amounts"],
)
def test_numbers_on_end_are_held_for_the_longest_buffer_and_then_cut_between_them(numbers: str, left: str) -> None:
    waiting = [partial(numbers, position) for position in range(4800, 9600, 600)]
    assert said(run(processed(*waiting))) == []
    assert said(run(processed(*waiting, partial(f"{numbers} ~then", 10_200)))) == [
        numbers.strip().removesuffix(left).strip()
    ]


def test_a_number_that_the_final_writes_in_digits_is_not_said_twice() -> None:
    spoken = partial("we sold the car for twenty five thousand dollars and ~then", 9000)
    harness = run(processed(spoken, partial("we sold the car for twenty five thousand dollars and ~then", 12_500)))
    assert said(harness) == ["we sold the car for twenty five thousand dollars and"]
    harness = run(
        processed(spoken, replace(spoken, position=12_500), final("We sold the car for $25,000 and then .", 13_000))
    )
    assert said(harness) == ["we sold the car for twenty five thousand dollars and", "then."]
    assert corrections(harness) == []


def test_a_number_in_digits_that_the_final_writes_in_many_words_is_not_said_twice() -> None:
    number = items("five million eight hundred and thirty three thousand seven hundred and eighty six")
    spoken = tuple(replace(word, start=word.start // 15, end=word.end // 15) for word in number)
    last = replace(final("x", 9000), items=(*spoken, *items("we went home .", spoken[-1].end)))
    assert said(run(processed(partial("5,833,786 we went | ~home", 4000), last))) == ["5,833,786 we went", "home."]


def test_a_currency_that_the_final_writes_as_a_sign_is_not_said_twice() -> None:
    spoken = partial("it was five dollars for cars | ~and", 4000)
    last = final("It was $5 for car and so on .", 9000)
    assert said(run(processed(spoken, last))) == ["it was five dollars for cars", "and so on."]


def test_an_amount_whose_words_a_pause_parts_is_said_once_where_the_final_is_in_digits() -> None:
    begun, whole = (
        partial("we sold it for twenty five", 1800),
        partial("we sold it for twenty five ~thousand ~dollars", 4500),
    )
    harness = run(processed(begun, silence(3900), whole, final("We sold it for $25,000 then .", 9000)))
    assert said(harness) == ["we sold it for twenty five", "thousand dollars then."]
    assert corrections(harness) == []


@pytest.mark.parametrize("written", ["$19 then .", "19 dollars then ."])
def test_a_currency_behind_a_pause_is_said_once(written: str) -> None:
    begun, whole = partial("it was nineteen", 900), partial("it was nineteen ~dollars", 4500)
    harness = run(processed(begun, silence(3000), whole, final(f"It was {written}", 9000)))
    assert said(harness) == ["it was nineteen", "dollars then."]


@pytest.mark.parametrize(
    ("told", "last", "rest"),
    [
        ("four five one two", "4512334455667788 now .", "334455667788 now."),
        ("four five one two", "4512-3344-5566-7788 now .", "3344-5566-7788 now."),
        ("four five one two three three", "4512 3344 5566 .", "44 5566."),
        ("the seats twenty five thirty six", "The seats 25364758 .", "4758."),
        ("it was five", "It was 5 512 then .", "512 then."),
    ],
)
def test_digits_that_a_pause_parts_are_said_once_where_the_final_has_them_in_one(
    told: str, last: str, rest: str
) -> None:
    heard, at = [], 0
    for text in last.split():
        end = at + (0 if text == "." else 300 * max(1, sum(map(str.isdecimal, text))))
        heard.append(Word(text, at, end, True))
        at = end
    harness = run(processed(partial(told, 1800), silence(3900), replace(final(last, 9000), items=tuple(heard))))
    assert said(harness) == [told, rest]
    assert corrections(harness) == []


@pytest.mark.parametrize(
    ("told", "last", "heard"),
    [
        ("we asked every ~one", "We asked everyone .", ["we asked every", "one."]),
        ("a white every ~day", "A white everyday .", ["a white every", "day."]),
        ("he is a no ~body", "He is a nobody .", ["he is a no", "body."]),
        ("I buy a web ~site", "I buy a website now .", ["I buy a web", "site now."]),
    ],
)
def test_a_word_that_the_final_writes_as_one_is_said_once(told: str, last: str, heard: list[str]) -> None:
    assert said(run(processed(partial(told, 900), partial(told, 4000), final(last, 5000)))) == heard


@pytest.mark.parametrize(
    ("hypothesis", "heard"),
    [
        ("Qué pasa ? ¡ ~Nada", ["Qué pasa?"]),
        ("¡ Hola ! ¿ Qué tal ? ¿ ~Bien", ["¡Hola!", "¿Qué tal?"]),
        ("Hello . ( ~aside", ["Hello."]),
    ],
)
def test_what_opens_belongs_to_the_words_behind_it(hypothesis: str, heard: list[str]) -> None:
    harness = run(processed(partial(hypothesis), final(hypothesis.replace("~", ""), 9000)))
    assert [segment.text for segment in segments(harness)][: len(heard)] == heard
    assert segments(harness)[-1].text == "".join(hypothesis.split()[-2:]).replace("~", "")


@pytest.mark.parametrize(
    ("language", "hypothesis", "sentences"),
    [
        ("de", "am 24 . Dezember nach Hause . ~und", ["am 24. Dezember nach Hause."]),
        ("de", "z . B . heute . ~und", ["z. B. heute."]),
        ("en", "by J . R . R . Tolkien . ~it", ["by J. R. R. Tolkien."]),
        ("en", "see Dr . Miller . ~he", ["see Dr. Miller."]),
        ("en", "it costs 24 . then ~he", ["it costs 24."]),
        ("en", "take plan B . then ~he", ["take plan B."]),
    ],
)
def test_a_full_stop_that_belongs_to_its_word_ends_no_sentence(
    language: str, hypothesis: str, sentences: list[str]
) -> None:
    heard = replace(partial(hypothesis), language=language)
    assert said(run(processed(heard))) == sentences
    last = replace(final(hypothesis.partition("~")[0], 9000), language=language)
    assert said(run(processed(last)))[: len(sentences)] == sentences
