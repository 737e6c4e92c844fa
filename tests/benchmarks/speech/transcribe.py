"""What Amazon Transcribe would say of known words: its published timing and flags, and words that it hears wrong at first.

The timing is assumed (Script.from_words), after what is published: every partial result repeats its segment, with
stabilisation `high` all but the last few words are marked stable and stay, a final comes 1,136 ms behind the speech
(the median of pipecat-ai/stt-benchmark). How often a word that is not stable yet is another in the end is not
published; taken are PocketSphinx's measured shares of the last two words. What is marked stable stays, as AWS says.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Hypothesis
from shared.models import Word
from shared.text import normalise

#: The share of the last words, counted from the end, that will be others.
_MISHEARD = (0.52, 0.16)


def transcribed(items: Sequence[Word], *, every: int = 200) -> Script:
    """The results of a talk of these words and marks, a partial one each `every` ms; the same ones each time."""
    script = Script.from_words(items, unstable=len(_MISHEARD), partial_every=every)
    vocabulary = sorted({item.text.lower() for item in items if not item.is_punctuation})
    return Script(tuple(result if result.final else _misheard(result, vocabulary) for result in script.results))


def _misheard(result: Hypothesis, vocabulary: Sequence[str]) -> Hypothesis:
    items = list(result.items)
    spoken = [index for index, item in enumerate(items) if not item.is_punctuation]
    for distance, index in enumerate(reversed(spoken[-len(_MISHEARD) :])):
        item = items[index]
        # It is heard wrong in the same way until another word follows.
        chance = random.Random(f"{item.start} {distance}")
        if chance.random() < _MISHEARD[distance]:
            others = [text for text in vocabulary if text != normalise(item.text)]
            items[index] = replace(item, text=chance.choice(others))
    return replace(result, items=tuple(items))
