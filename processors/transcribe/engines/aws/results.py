"""Makes hypotheses of what Amazon Transcribe sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from processors.transcribe.engines.aws.languages import Languages
from processors.transcribe.engines.aws.stream import Item, Result
from processors.transcribe.recogniser import Hypothesis
from shared.models import Word


class Transcript:
    """The utterances of one stream; `stabilised` says whether its words are marked stable."""

    def __init__(self, languages: Languages, *, stabilised: bool) -> None:
        self._languages = languages
        self._stabilised = stabilised
        self._numbers: dict[str, int] = {}
        self._open: dict[int, Hypothesis] = {}
        self._finished = 0

    @property
    def unfinished(self) -> bool:
        """Whether an utterance has no final yet."""
        return bool(self._open)

    def hypotheses(self, results: Sequence[Result], position: int) -> Iterator[Hypothesis]:
        """The hypotheses of one event, which came when `position` ms of audio had been fed.

        An empty result says nothing, unless it ends an utterance. A final also ends the utterances before its own,
        with what was heard of them last: their numbers would fall otherwise.
        """
        for result in results:
            hypothesis = self._hypothesis(result, position)
            if hypothesis is None:
                continue
            if hypothesis.final:
                yield from self._finish(hypothesis)
            else:
                self._open[hypothesis.utterance] = hypothesis
                yield hypothesis

    def _finish(self, final: Hypothesis) -> Iterator[Hypothesis]:
        self._open[final.utterance] = final
        for number in sorted(number for number in self._open if number <= final.utterance):
            newest = self._open.pop(number)
            yield replace(newest, position=final.position, final=True)
        self._finished = final.utterance

    def _hypothesis(self, result: Result, position: int) -> Hypothesis | None:
        name = result.result_id or ""
        start = _milliseconds(result.start_time)
        items = self._words(result, start)
        final = not result.is_partial
        if not items and not (final and self._numbers.get(name) in self._open):
            return None
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        if number <= self._finished:
            return None
        end = max((item.end for item in items), default=start)
        code = result.language_code
        return Hypothesis(
            number, start, end, position, items, final, None if code is None else self._languages.language(code)
        )

    def _words(self, result: Result, start: int) -> tuple[Word, ...]:
        words: list[Word] = []
        at = start
        for item in (result.alternatives[0].items or ()) if result.alternatives else ():
            if item.content:
                words.append(self._word(item, item.content, at, final=not result.is_partial))
                at = words[-1].end
        return tuple(words)

    def _word(self, item: Item, text: str, at: int, *, final: bool) -> Word:
        start = at if item.start_time is None else _milliseconds(item.start_time)
        end = start if item.end_time is None else max(start, _milliseconds(item.end_time))
        return Word(
            text,
            start,
            end,
            stable=(final or bool(item.stable)) if self._stabilised else None,
            confidence=item.confidence,
            speaker=None if item.speaker is None else _speaker(item.speaker),
        )


def _milliseconds(seconds: float | None) -> int:
    return max(0, round((seconds or 0.0) * 1000))


def _speaker(label: str) -> str:
    """A speaker's label in one form: streams number speakers, where transcription jobs have spk_0."""
    return f"spk_{label}" if label.isdecimal() else label
