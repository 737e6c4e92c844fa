"""Speech by eSpeak NG, whose word events say when each word is spoken."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise

import espeakng_loader
import numpy as np
import soxr

from processors.synthesize.engines.espeak.library import Library
from processors.synthesize.engines.espeak.voices import by_language
from processors.transcribe.word_times import spread_words
from shared.models import SAMPLE_BYTES, Word
from tests.benchmarks.speech.recording import Recording

# From speak_lib.h.
_CHARACTERS = 1
_RATE = 1
_UTF8 = 1
_LIST_TERMINATED, _WORD = 0, 1
#: What eSpeak calls words a minute: with this it speaks about 170, as one does who is to be understood.
_WORDS_PER_MINUTE = 130
#: Samples of 32,767 below which it is silent: eSpeak's own pauses are.
_SILENT = 100


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


def speak(text: str, language: str, rate: int) -> Recording:
    """The text as eSpeak's best voice for the language says it, at `rate` Hz."""
    library = Library()
    pcm, starts = _spoken(text, by_language(library.voices)[language])
    return Recording(_resampled(pcm, library.rate, rate), rate, tuple(_timed(text, starts, pcm, library.rate)))


def _spoken(text: str, voice: str) -> tuple[bytes, dict[int, int]]:
    """The PCM, and the ms at which the word at each place of the text begins."""
    # The library is in use already: this is another handle of the same.
    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    pcm = bytearray()
    starts: dict[int, int] = {}

    def heard(wave: int | None, samples: int, events: Sequence[_Event]) -> int:
        if wave and samples:
            pcm.extend(ctypes.string_at(wave, samples * SAMPLE_BYTES))
        index = 0
        while (event := events[index]).type != _LIST_TERMINATED:
            if event.type == _WORD:
                starts[event.text_position - 1] = event.audio_position
            index += 1
        return 0

    callback = _Heard(heard)
    data = text.encode()
    espeak.espeak_SetSynthCallback(callback)
    codes = [
        espeak.espeak_SetVoiceByName(voice.encode()),
        espeak.espeak_SetParameter(_RATE, _WORDS_PER_MINUTE, 0),
        espeak.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, _CHARACTERS, 0, _UTF8, None, None),
    ]
    if any(codes):
        raise RuntimeError(f"expected codes of 0 from eSpeak, got {codes}")
    return bytes(pcm), starts


def _timed(text: str, starts: dict[int, int], pcm: bytes, rate: int) -> Iterator[Word]:
    """What is spoken at each place lasts until the next, or until it is silent before that.

    eSpeak speaks some pairs, such as "do not", as one word: they share its time.
    """
    loud = np.abs(np.frombuffer(pcm, dtype="<i2").astype(np.int32)) > _SILENT
    places = [*sorted(starts), len(text)]
    for place, following in pairwise(places):
        until = starts.get(following, len(loud) * 1000 // rate) * rate // 1000
        end = int(np.flatnonzero(loud[:until])[-1]) * 1000 // rate
        yield from spread_words(text[place:following], starts[place], end)


def _resampled(pcm: bytes, rate: int, to: int) -> bytes:
    resampled: bytes = soxr.resample(np.frombuffer(pcm, dtype="<i2"), rate, to).tobytes()
    return resampled
