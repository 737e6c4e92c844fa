"""The process of one pocketsphinx decoder: PCM on standard input, a JSON object a line on standard output.

It runs apart because the decoder holds the interpreter's lock. The first line says that it is ready; every other
one is a hypothesis: utterance, start, end, position, final, and words as [text, start, end], ms since the first
sample; or it says that up to `decoded` ms there is none that is new. When standard input ends, because the take is
finished or its owner has died, it flushes and ends.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

from pocketsphinx import Decoder, Endpointer

RATE = 16000
#: Seconds of quiet that end an utterance, and the share of them that must be quiet.
PAUSE, QUIET = 0.4, 0.9
#: Bytes heard before the endpointer's speech start: it tends to miss the first sound.
LEAD = RATE * 2 // 10
#: Bytes between two updates of the hypothesis: 200 ms.
UPDATE = RATE * 2 // 5


def main() -> None:
    """Decodes standard input."""
    # A terminal's Ctrl-C reaches every process of its group; this one ends when its owner lets go of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    decoder = _Decoding()
    _write({"ready": True})
    frame = decoder.frame_bytes
    while len(pcm := sys.stdin.buffer.read(frame)) == frame:
        decoder.process(pcm)
    decoder.finish(pcm)


class _Decoding:
    """Finds the utterances of the audio and decodes each."""

    def __init__(self) -> None:
        # Without the second pass and the lattice search, the final is what the partials said.
        self._decoder = Decoder(loglevel="FATAL", samprate=RATE, fwdflat=False, bestpath=False)
        self._endpointer = Endpointer(window=PAUSE, ratio=QUIET, sample_rate=RATE)
        self.frame_bytes: int = self._endpointer.frame_bytes
        #: What was heard last, while nobody speaks: it holds the beginning of the next utterance.
        self._lead_in = bytearray()
        self._bytes_fed = 0
        self._utterance = 0
        self._start = 0
        self._updated_at = 0
        self._last_words: list[str] = []
        self._speaking = False

    def process(self, pcm: bytes) -> None:
        """Takes the next `frame_bytes` of audio."""
        self._endpointer.process(pcm)
        self._bytes_fed += len(pcm)
        if self._speaking:
            self._decoder.process_raw(pcm, False, False)
            if not self._endpointer.in_speech:
                self._finalise()
            elif self._bytes_fed - self._updated_at >= UPDATE:
                self._update()
            return
        self._lead_in += pcm
        if self._endpointer.in_speech:
            self._begin()
        else:
            del self._lead_in[: -(LEAD + round(PAUSE * RATE) * 2)]

    def finish(self, pcm: bytes) -> None:
        """Takes the last audio, less than a frame, and flushes the open utterance."""
        self._bytes_fed += len(pcm)
        if self._speaking:
            if pcm:
                self._decoder.process_raw(pcm, False, False)
            self._finalise()

    def _begin(self) -> None:
        spoken = int(self._endpointer.speech_start * RATE) * 2
        first = max(spoken - LEAD, self._bytes_fed - len(self._lead_in))
        self._decoder.start_utt()
        self._decoder.process_raw(bytes(self._lead_in[len(self._lead_in) - (self._bytes_fed - first) :]), False, False)
        self._lead_in.clear()
        self._start = first
        self._updated_at = self._bytes_fed
        self._speaking = True

    def _update(self) -> None:
        self._updated_at = self._bytes_fed
        words = self._words()
        said = [word[0] for word in words]
        if said != self._last_words:
            self._publish(words, final=False)
            self._last_words = said
        else:
            _write({"decoded": _ms(self._bytes_fed)})

    def _finalise(self) -> None:
        self._decoder.end_utt()
        words = self._words()
        if words or self._last_words:
            self._publish(words, final=True)
        self._last_words = []
        self._speaking = False

    def _publish(self, words: list[tuple[str, int, int]], *, final: bool) -> None:
        self._utterance += not self._last_words
        _write(
            {
                "utterance": self._utterance,
                "start": _ms(self._start),
                "end": max((finish for _, _, finish in words), default=_ms(self._start)),
                "position": _ms(self._bytes_fed),
                "final": final,
                "words": words,
            }
        )

    def _words(self) -> list[tuple[str, int, int]]:
        """The words of the hypothesis; the decoder counts frames of 10 ms and names fillers in brackets."""
        start = _ms(self._start)
        return [
            (segment.word.partition("(")[0], start + segment.start_frame * 10, start + (segment.end_frame + 1) * 10)
            for segment in self._decoder.seg() or ()
            if segment.word[0] not in "<[+"
        ]


def _ms(size: int) -> int:
    return size * 1000 // (2 * RATE)


def _write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
