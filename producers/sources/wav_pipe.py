"""A WAV file as it comes through a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from producers.sources.convert import Converter
from producers.sources.pipe import Pipe
from producers.sources.riff import UNKNOWN_LENGTH, read_piped_header
from producers.sources.wav import block_bytes, is_plain


class PipedWav:
    """The samples of a WAV file that is read once, as it comes.

    `duration` is in s, None where the header does not say it. At the end it is what came, and `missing` how many
    seconds of what was announced did not; `skipped` says what before the samples was no chunk. Raises ValueError for
    a header that is none, and CompressedSamples where samples are compressed.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._header = read_piped_header(pipe.peek)
        self.duration = None if self._header.length == UNKNOWN_LENGTH else self._header.duration
        self.missing = 0.0
        self.skipped = f"{self._header.skipped} bytes before the samples" if self._header.skipped else ""

    def check(self, rate: int) -> None:
        """Raises DependencyMissing where it cannot be converted."""
        if not is_plain(self._header, rate):
            Converter(self._header, rate)

    def pcm(self, rate: int) -> Iterator[bytes]:
        """Mono PCM s16le at `rate`, about 100 ms at a time."""
        header = self._header
        converter = None if is_plain(header, rate) else Converter(header, rate)
        self._pipe.skip(header.start)
        left = header.length
        waiting = b""
        while left and (data := self._pipe.read(min(left, block_bytes(header) - len(waiting)))):
            left -= len(data)
            waiting += data
            if len(waiting) == block_bytes(header):
                yield waiting if converter is None else converter.convert(waiting, last=False)
                waiting = b""
        came = (header.length - left) / header.frame_bytes / header.rate
        if header.length != UNKNOWN_LENGTH:
            self.missing = header.duration - came
        self.duration = came
        whole = waiting[: len(waiting) // header.frame_bytes * header.frame_bytes]
        if pcm := whole if converter is None else converter.convert(whole, last=True):
            yield pcm
