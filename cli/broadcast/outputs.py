"""The files of a broadcast: captions of every language, speech of every target language."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.errors import SinkError
from sinks import AudioChunk, Caption, Corrected
from sinks.files import SrtWriter, SubtitleWriter, WavWriter, WebVttWriter

#: The names of the files, as patterns over all languages.
_NAMES = ("captions.*.vtt", "captions.*.srt", "speech.*.wav")


class Outputs:
    """Writes `captions.<language>.vtt` and `.srt`, and `speech.<language>.wav`, into one folder.

    Every file is readable at any moment. Raises SinkError where one cannot be written.
    """

    def __init__(self, folder: Path, source: str, targets: Sequence[str]) -> None:
        self.folder = folder
        self.source = source
        self._stack = ExitStack()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"{folder}: {error.strerror}; choose another folder") from error
        #: Every file, in the order in which they are named to the user.
        self.files: list[Path] = []
        self._captions = {language: self._subtitles(language) for language in dict.fromkeys([source, *targets])}
        self._speech = {language: self._wav(language) for language in targets}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def left_over(self) -> list[Path]:
        """Files of such names that an earlier run wrote, for languages that are not of this one."""
        found = (path for pattern in _NAMES for path in self.folder.glob(pattern))
        return sorted(path for path in found if path not in self.files)

    def caption(self, caption: Caption) -> None:
        """Appends a caption to its language's files."""
        for writer in self._captions[caption.language]:
            writer.caption(caption)

    def corrected(self, language: str | None, corrected: Corrected) -> None:
        """Corrects captions of a language; None is the source language."""
        for writer in self._captions[language or self.source]:
            writer.correct(corrected)

    def chunk(self, chunk: AudioChunk) -> None:
        """Adds audio to its language's file."""
        self._speech[chunk.language].chunk(chunk)

    def _subtitles(self, language: str) -> list[SubtitleWriter]:
        writers: list[SubtitleWriter] = []
        for suffix, kind in (("vtt", WebVttWriter), ("srt", SrtWriter)):
            self.files.append(self.folder / f"captions.{language}.{suffix}")
            writers.append(self._stack.enter_context(kind(self.files[-1])))
        return writers

    def _wav(self, language: str) -> WavWriter:
        self.files.append(self.folder / f"speech.{language}.wav")
        return self._stack.enter_context(WavWriter(self.files[-1]))
