"""The demo's recording of a human voice; PocketSphinx, told the words, says when each is spoken."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

from shared.models import Word
from shared.text import normalise, tokens
from tests.benchmarks.speech.recording import Recording

_DEMO = Path(__file__).parents[3] / "cli" / "demo"
#: Ms a frame of the decoder.
_FRAME = 10


def recording() -> Recording:
    """Jane Austen, read by a LibriVox volunteer."""
    with wave.open(str(_DEMO / "recording.wav"), "rb") as file:
        pcm, rate = file.readframes(file.getnframes()), file.getframerate()
    text = (_DEMO / "recording.txt").read_text()
    return Recording(pcm, rate, tuple(_timed(text, pcm, rate)))


def _timed(text: str, pcm: bytes, rate: int) -> Iterator[Word]:
    """The tokens of the text, each word where the decoder found it."""
    found = _aligned(normalise(text), pcm, rate)
    end = 0
    for token in tokens(text):
        if any(map(str.isalnum, token)):
            spelt, start, end = next(found)
            if spelt != normalise(token):
                raise RuntimeError(f"expected PocketSphinx to find {token!r}, got {spelt!r}")
            yield Word(token, start, end)
        else:
            yield Word(token, end, end)


def _aligned(words: str, pcm: bytes, rate: int) -> Iterator[tuple[str, int, int]]:
    """Each word with its start and end in ms."""
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=rate)
    decoder.set_align_text(words)
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    for segment in decoder.seg():
        if segment.word[0] not in "<[":
            yield segment.word.partition("(")[0], segment.start_frame * _FRAME, (segment.end_frame + 1) * _FRAME
