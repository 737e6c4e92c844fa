"""Hypotheses as the service tells them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import uuid4

import orjson

from emulators.transcribe.request import FilterMethod, TranscriptionRequest
from processors.transcribe.recogniser import Hypothesis
from shared.models import MASK, Word


class Transcripts:
    """Of one stream: keeps an utterance's ResultId until its final, and the speakers' numbers.

    `filtered` are the words, in lower case, that the request's vocabulary filters list.
    """

    def __init__(self, request: TranscriptionRequest, language: str, filtered: Collection[str] = ()) -> None:
        self._request = request
        self._language = language
        self._filtered = filtered
        self._ids: dict[int, str] = {}
        self._speakers: dict[str, str] = {}

    def event(self, hypothesis: Hypothesis) -> bytes:
        """The JSON of a TranscriptEvent with this one result."""
        words = self._kept(hypothesis.items)
        result: dict[str, Any] = {
            "ResultId": self._ids.setdefault(hypothesis.utterance, str(uuid4())),
            "StartTime": hypothesis.start / 1000,
            "EndTime": hypothesis.end / 1000,
            "IsPartial": not hypothesis.final,
            "ChannelId": "ch_0",
            "Alternatives": [
                {
                    "Transcript": self._line(words),
                    "Items": [self._item(word, final=hypothesis.final) for word in words],
                }
            ],
        }
        if self._request.identify:
            result["LanguageCode"] = self._language
            result["LanguageIdentification"] = [{"LanguageCode": self._language, "Score": 1.0}]
        if hypothesis.final:
            del self._ids[hypothesis.utterance]
        return orjson.dumps({"Transcript": {"Results": [result]}})

    def _item(self, word: Word, *, final: bool) -> dict[str, Any]:
        item: dict[str, Any] = {
            "StartTime": word.start / 1000,
            "EndTime": word.end / 1000,
            "Type": "punctuation" if word.is_punctuation else "pronunciation",
            "Content": self._shown(word),
            "VocabularyFilterMatch": self._matches(word),
        }
        if word.confidence is not None:
            item["Confidence"] = word.confidence
        if self._request.speakers and word.speaker is not None:
            item["Speaker"] = self._speakers.setdefault(word.speaker, str(len(self._speakers)))
        if self._request.stabilise:
            item["Stable"] = final or bool(word.stable)
        return item

    def _matches(self, word: Word) -> bool:
        return word.text.lower() in self._filtered

    def _kept(self, words: Sequence[Word]) -> list[Word]:
        removes = self._request.filter_method is FilterMethod.REMOVE
        return [word for word in words if not (removes and self._matches(word))]

    def _line(self, words: Sequence[Word]) -> str:
        # A mask stands for a word, though it looks like punctuation.
        return "".join(("" if word.is_punctuation else " ") + self._shown(word) for word in words).strip()

    def _shown(self, word: Word) -> str:
        masks = self._request.filter_method is FilterMethod.MASK
        return MASK if masks and self._matches(word) else word.text
