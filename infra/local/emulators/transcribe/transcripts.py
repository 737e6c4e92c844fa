"""Hypotheses as the service tells them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson

from infra.local.emulators.transcribe.request import StreamRequest
from processors.transcribe.recogniser import Hypothesis
from shared.models import Word
from shared.text import join


class Transcripts:
    """Of one stream: keeps an utterance's ResultId until its final, and the speakers' numbers."""

    def __init__(self, request: StreamRequest, language: str) -> None:
        self._request = request
        self._language = language
        self._ids: dict[int, str] = {}
        self._speakers: dict[str, str] = {}

    def event(self, hypothesis: Hypothesis) -> bytes:
        """The JSON of a TranscriptEvent with this one result."""
        result: dict[str, Any] = {
            "ResultId": self._ids.setdefault(hypothesis.utterance, str(uuid4())),
            "StartTime": hypothesis.start / 1000,
            "EndTime": hypothesis.end / 1000,
            "IsPartial": not hypothesis.final,
            "ChannelId": "ch_0",
            "Alternatives": [
                {
                    "Transcript": join(hypothesis.items),
                    "Items": [self._item(word, final=hypothesis.final) for word in hypothesis.items],
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
            "Content": word.text,
            "VocabularyFilterMatch": False,
        }
        if word.confidence is not None:
            item["Confidence"] = word.confidence
        if self._request.speakers and word.speaker is not None:
            item["Speaker"] = self._speakers.setdefault(word.speaker, str(len(self._speakers)))
        if self._request.stabilise:
            item["Stable"] = final or bool(word.stable)
        return item
