"""eSpeak NG's C library through ctypes. It has one state a process, so one caller at a time."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from itertools import count, takewhile

import espeakng_loader

from processors.synthesize.engines.espeak.voices import Voice
from shared.errors import EngineUnavailable
from shared.models import SAMPLE_BYTES
from shared.remedies import pip_install

# From speak_lib.h.
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_CHARACTERS = 1
_UTF8 = 1
_SSML = 0x10
_RATE = 1
_OK = 0

#: ms of audio in a chunk.
CHUNK = 200
#: Words a minute at tempo 1, eSpeak's own default, and the range it takes.
WORDS_PER_MINUTE = 175
SLOWEST, FASTEST = 80, 450

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class Library:
    """The library: loaded and initialised once, and then for as long as the process lives.

    After espeak_Terminate and another espeak_Initialize, espeak_Synth may read what was freed. `rate` is in Hz.
    """

    _lock = threading.Lock()
    _ready: tuple[ctypes.CDLL, int, tuple[Voice, ...]] | None = None

    def __init__(self) -> None:
        with self._lock:
            if Library._ready is None:
                Library._ready = _initialised()
        self._c, self.rate, self.voices = Library._ready

    def speak(
        self, text: str, voice: str, tempo: float, on_audio: Callable[[bytes], bool], *, ssml: bool = False
    ) -> None:
        """Speaks the text; blocks. `on_audio` is given mono PCM s16le as it is made and says whether to go on.

        `voice` is an identifier; with `ssml` tags and references in the text are read as such. Raises EngineUnavailable
        where the library refuses.
        """

        def on_wave(wave: int | None, samples: int, _events: int | None) -> int:
            return 0 if not wave or not samples or on_audio(ctypes.string_at(wave, samples * SAMPLE_BYTES)) else 1

        callback = _SynthCallback(on_wave)
        data = text.replace("\0", " ").encode("utf-8", "replace")
        speed = min(max(round(WORDS_PER_MINUTE * tempo), SLOWEST), FASTEST)
        with self._lock:
            # A voice that is refused would leave the last one speaking.
            self._check("SetVoiceByName", self._c.espeak_SetVoiceByName(voice.encode()), voice)
            self._check("SetParameter", self._c.espeak_SetParameter(_RATE, speed, 0), f"rate {speed}")
            self._c.espeak_SetSynthCallback(callback)
            code = self._c.espeak_Synth(
                data, len(data) + 1, 0, _CHARACTERS, 0, _UTF8 | (_SSML if ssml else 0), None, None
            )
            self._check("Synth", code, f"{len(data)} bytes")

    @staticmethod
    def _check(call: str, code: int, argument: str) -> None:
        if code != _OK:
            raise EngineUnavailable(f"espeak_{call}: expected code {_OK}, got {code} ({argument})")


def _initialised() -> tuple[ctypes.CDLL, int, tuple[Voice, ...]]:
    """The library, its rate in Hz and its voices."""
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
    except (OSError, RuntimeError) as error:
        raise EngineUnavailable(
            f"cannot load eSpeak NG ({error}): {pip_install('--force-reinstall', 'espeakng-loader')}"
        ) from None
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_Synth.argtypes = (
        *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
        *(ctypes.c_void_p, ctypes.c_void_p),
    )
    rate = library.espeak_Initialize(_SYNCHRONOUS, CHUNK, data, _DONT_EXIT)
    if rate <= 0:
        raise EngineUnavailable(f"eSpeak NG did not start (code {rate}) with its data in {data.decode()}")
    return library, rate, tuple(_voices(library))


def _voices(library: ctypes.CDLL) -> Iterator[Voice]:
    listed = library.espeak_ListVoices(None)
    for entry in takewhile(bool, map(listed.__getitem__, count())):
        yield Voice(entry.contents.identifier.decode(), dict(_languages(entry.contents.languages)))


def _languages(at: int) -> Iterator[tuple[str, int]]:
    # Each a priority byte and a string, up to a priority of 0.
    while priority := ctypes.string_at(at, 1)[0]:
        name = ctypes.string_at(at + 1)
        yield name.decode(), priority
        at += len(name) + 2
