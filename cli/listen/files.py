"""The files that a listener asks for."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.models import Status
from sinks import AudioChunk, AudioEvent, Caption, CaptionEvent, Corrected
from sinks.files import SubtitleWriter, WavWriter, WebVttWriter


class Files:
    """Captions and speech, each in its file if there is one for it.

    A file is made when there is something to write: until then what an earlier listener left there stays. Raises
    SinkError where one cannot be written.
    """

    def __init__(self, vtt: Path | None, audio: Path | None) -> None:
        self._vtt = vtt
        self._audio = audio
        self._subtitles: SubtitleWriter | None = None
        self._speech: WavWriter | None = None
        self._stack = ExitStack()
        #: Those that were made, in that order.
        self.written: list[Path] = []

    @property
    def captions(self) -> bool:
        """Whether captions are asked for."""
        return self._vtt is not None

    @property
    def speech(self) -> bool:
        """Whether speech is asked for."""
        return self._audio is not None

    @property
    def asked(self) -> list[Path]:
        """What is asked for."""
        return [path for path in (self._vtt, self._audio) if path is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, event: CaptionEvent | AudioEvent) -> None:
        """Writes what there is to write of it."""
        match event:
            case Caption() if self._vtt is not None and event.status is Status.OK and event.text.strip():
                if self._subtitles is None:
                    self._subtitles = self._stack.enter_context(WebVttWriter(self._vtt))
                    self.written.append(self._vtt)
                self._subtitles.caption(event)
            case Corrected() if self._subtitles is not None:
                self._subtitles.correct(event)
            case AudioChunk() if self._audio is not None and event.payload:
                if self._speech is None:
                    self._speech = self._stack.enter_context(WavWriter(self._audio))
                    self.written.append(self._audio)
                self._speech.chunk(event)
