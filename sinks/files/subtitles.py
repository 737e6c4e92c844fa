"""WebVTT and SRT files of one language's captions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.clean import clean
from shared.models import Status
from sinks.captions import Caption, Corrected
from sinks.files.cues import Cue, Spoken, cues, laid_out
from sinks.files.output import append, create, writing


class SubtitleWriter(ABC):
    """Appends a cue as each caption comes; a file that was corrected is written anew when it is closed.

    Raises SinkError where the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._captions: dict[int, Spoken] = {}
        self._corrected = False
        self._count = 0
        self._end = 0
        self._file = create(path, self._head())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def caption(self, caption: Caption) -> None:
        """Appends a caption; one without text has no cue."""
        text, speaker = clean(caption.text), clean(caption.speaker or "").strip()
        if caption.status is not Status.OK or not text.strip():
            return
        spoken = Spoken(text, caption.start, caption.end, speaker or None)
        made = list(cues(spoken, self._end))
        with writing(self._path):
            append(self._file, self._text(made, self._count + 1))
        self._captions[caption.number] = spoken
        self._count += len(made)
        self._end = made[-1].end

    def correct(self, corrected: Corrected) -> None:
        """Puts the corrected text in place of the captions that it covers, once the file is closed."""
        numbers = sorted(number for number in self._captions if corrected.first <= number <= corrected.last)
        if not numbers:
            return
        spans = [self._captions.pop(number) for number in numbers]
        first, last = spans[0], spans[-1]
        self._captions[numbers[0]] = Spoken(clean(corrected.text), first.start, last.end, first.speaker)
        self._corrected = True

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()
        if self._corrected:
            self._corrected = False
            self._rewrite()

    def _rewrite(self) -> None:
        made = laid_out(self._captions[number] for number in sorted(self._captions))
        beside = self._path.with_name(self._path.name + ".part")
        with writing(self._path):
            try:
                beside.write_bytes(self._head() + self._text(made, 1))
                beside.replace(self._path)
            finally:
                beside.unlink(missing_ok=True)

    def _text(self, made: Iterable[Cue], first: int) -> bytes:
        return "".join(self._cue(number, cue) for number, cue in enumerate(made, first)).encode()

    @abstractmethod
    def _head(self) -> bytes:
        """What the file begins with."""

    @abstractmethod
    def _cue(self, number: int, cue: Cue) -> str:
        """One cue and the blank line behind it."""


class WebVttWriter(SubtitleWriter):
    """A WebVTT file (W3C WebVTT, section 4); a voice tag names the speaker where speakers are told apart."""

    def _head(self) -> bytes:
        return b"WEBVTT\n\n"

    def _cue(self, number: int, cue: Cue) -> str:
        voice = "" if cue.speaker is None else f"<v {_escaped(cue.speaker)}>"
        lines = "\n".join(map(_escaped, cue.lines))
        return f"{number}\n{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{voice}{lines}\n\n"


#: Players of SubRip take an arrow for a timeline, and angle brackets and braces for markup.
_NO_MARKUP = str.maketrans("<>{}", "‹›()")


class SrtWriter(SubtitleWriter):
    """A SubRip file."""

    def _head(self) -> bytes:
        return b""

    def _cue(self, number: int, cue: Cue) -> str:
        lines = [line.replace("-->", "→").translate(_NO_MARKUP) for line in cue.lines]
        return f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n" + "\n".join(lines) + "\n\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{rest:03}"
