"""Recordings of every kind that FFmpeg's libraries read, videos too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from producers.sources.convert import Mono, levels
from producers.sources.mix import downmix_gains
from producers.sources.pipe import Pipe
from shared.errors import AudioFormatError, DependencyMissing
from shared.remedies import install_extra

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame, AudioStream
    from av.container import InputContainer
    from numpy.typing import NDArray

#: A file may name others, as playlists do: none of them is opened.
_OPTIONS = {"protocol_whitelist": "pipe"}
#: Of a pipe, so little (microseconds) is read ahead to guess at what the header does not say: it may be live.
_PIPED = {"analyzeduration": "500000"}
#: What has no index: a length of FFmpeg's is a guess from the first frames, unless an MP3 says it.
_UNINDEXED = {"mp3", "aac", "loas", "ac3", "eac3", "dts", "amr", "amrnb", "amrwb"}
#: A file that says how long it is may be wrong by this (s, and a share of it) before something is missing.
_INEXACT, _INEXACT_SHARE = 1.0, 0.02
#: From here on (s) the time between two frames is audio that is not there; less is rounding.
_GAP = 0.1
#: How far (s) such a gap may lead where nobody knows the length.
_FARTHEST_GAP = 10.0
#: How often in a row the data may make no sense before there is nothing more behind it.
_ATTEMPTS = 1000
#: The most channels (FFmpeg's AV_NUM_DATA_POINTERS) that a frame keeps in planes of a number that can be told.
_PLANES = 8


class MediaReader:
    """The audio of one recording, of a video its main audio track; as it comes where it is a pipe.

    `duration` is in s, None where the recording does not say it. At the end it is what was there, `missing` says how
    many seconds more were announced, and `skipped` what could not be decoded and is silence now. Raises
    DependencyMissing where PyAV is not installed, and AudioFormatError for what is no recording.
    """

    def __init__(self, source: Path | Pipe) -> None:
        self.name = source.name if isinstance(source, Pipe) else str(source)
        self._av = _library(self.name)
        self._source = source
        self._file: BinaryIO | Pipe = self._readable()
        fragmented = isinstance(self._file, Pipe) and self._file.is_fragmented()
        self.missing = 0.0
        self.skipped = ""
        self._container, stream = self._open()
        # Of fragments that come through a pipe, FFmpeg takes the first for all.
        self.duration = self._announced = None if fragmented else self._length(stream)
        if not isinstance(source, Pipe):
            self._close()

    def check(self, rate: int) -> None:
        """Raises DependencyMissing where it cannot be converted."""
        # Any rate but the wanted one shows whether the resampler is there.
        Mono(2, rate + 1, rate)

    def pcm(self, rate: int) -> Iterator[bytes]:
        """Mono PCM s16le at `rate`, as long at a time as the recording's frames are; of a file, each time all of it."""
        if not isinstance(self._source, Pipe):
            self._file = self._readable()
            self._container, _ = self._open()
        try:
            yield from self._converted(rate)
        finally:
            self._close()

    def _length(self, stream: AudioStream) -> float | None:
        """In s, None where nobody knows."""
        said = _duration(self._container, stream)
        if said is None or self._container.format.name not in _UNINDEXED:
            return said
        if said * (stream.bit_rate or 0) / 8 > self._container.size * (1 + _INEXACT_SHARE):
            # No guess from the file's size: an MP3 says it, and has been cut short.
            return said
        # Each packet tells how long it is: to go through those of an hour takes about a second.
        counted = sum(float((packet.duration or 0) * packet.time_base) for packet in self._packets())
        self._feed.check()
        return counted or None

    def _converted(self, rate: int) -> Iterator[bytes]:
        form: tuple[int, tuple[str, ...]] | None = None
        mono: Mono | None = None
        told = 0.0
        for frame, gap in self._placed():
            found = frame.sample_rate, tuple(channel.name for channel in frame.layout.channels)
            if mono is None or form != found:
                # A stream may change in its middle, as radio does between two programmes.
                if mono is not None and form is not None:
                    yield mono.convert(_silence(0, len(form[1])), last=True)
                form = found
                mono = Mono(len(form[1]), form[0], rate, downmix_gains(form[1]))
            for start in range(0, gap, frame.sample_rate):
                yield mono.convert(_silence(min(gap - start, frame.sample_rate), len(form[1])), last=False)
            yield mono.convert(_samples(frame, len(form[1])), last=False)
            told += (gap + frame.samples) / frame.sample_rate
        if mono is not None and form is not None:
            yield mono.convert(_silence(0, len(form[1])), last=True)
        short = (self._announced or 0) - told
        self.missing = short if short > max(_INEXACT, _INEXACT_SHARE * (self._announced or 0)) else 0.0
        self.duration = told

    def _placed(self) -> Iterator[tuple[AudioFrame, int]]:
        """The frames, and how many samples of silence stand before each: a video's sound may begin late."""
        begins = (self._container.start_time or 0) / 1_000_000
        at: float | None = None
        for frame in self._frames():
            gap = 0.0
            if frame.time is not None:
                # Where the file does not begin at its first frame, it begins at 0 or where it says.
                at = 0.0 if at is None else at
                gap = float(frame.time) - begins - at
                farthest = at + _FARTHEST_GAP if self._announced is None else self._announced
                if gap < _GAP:
                    gap = 0
                elif at + gap > farthest:
                    # The clock was set, and no more is known of the time between.
                    begins, gap = begins + gap, 0
            at = (at or 0.0) + gap + frame.samples / frame.sample_rate
            yield frame, round(gap * frame.sample_rate)

    def _frames(self) -> Iterator[AudioFrame]:
        """All frames that can be decoded; what cannot is passed over, and counted."""
        lost, seconds = 0, 0.0
        for packet in self._packets():
            try:
                for frame in packet.decode():
                    yield from self._told(frame)
            except self._av.error.FFmpegError:
                lost += 1
                seconds += float((packet.duration or 0) * (packet.time_base or 0))
                self.skipped = f"{lost} damaged piece{'s' if lost > 1 else ''} of {seconds:.1f} s"

    def _told(self, frame: AudioFrame) -> list[AudioFrame]:
        """The frame such that its samples can be had: PyAV does not see where the planes of so many channels end."""
        if frame.format.is_planar and frame.layout.nb_channels > _PLANES:
            return list(self._av.AudioResampler(format="flt").resample(frame))
        return [frame]

    def _packets(self) -> Iterator[Any]:
        stream = self._container.streams.best("audio")
        attempts = 0
        while attempts < _ATTEMPTS:
            try:
                for packet in self._container.demux(stream):
                    attempts = 0
                    yield packet
                return
            except IndexError:
                # A packet of a track that was not there at the beginning.
                attempts += 1
            except self._av.error.FFmpegError:
                attempts += 1
                self.skipped = self.skipped or "what FFmpeg's libraries do not go on with"
            except OSError as error:
                raise AudioFormatError(f"{self.name}: expected a readable recording: {error.strerror}") from None

    def _close(self) -> None:
        self._container.close()
        self._file.close()

    def _readable(self) -> BinaryIO | Pipe:
        if isinstance(self._source, Pipe):
            return self._source.kept() or self._source
        try:
            return self._source.open("rb")
        except OSError as error:
            raise AudioFormatError(f"{self.name}: expected a readable recording: {error.strerror}") from None

    def _open(self) -> tuple[InputContainer, AudioStream]:
        options = _OPTIONS | (_PIPED if self._file is self._source else {})
        self._feed = feed = _Feed(self._file, self.name)
        try:
            # Names and titles in the file may be in any encoding, and nobody reads them.
            container = self._av.open(feed, options=options, metadata_errors="ignore")
        except (self._av.error.FFmpegError, OSError):
            self._file.close()
            feed.check()
            raise self._refused(feed.head) from None
        feed.check()
        stream = container.streams.best("audio")
        if stream is None or getattr(stream, "codec_context", None) is None:
            kind = container.format.long_name
            container.close()
            self._file.close()
            raise AudioFormatError(f"{self.name}: expected audio, got a file without an audio track ({kind})")
        return container, stream

    def _refused(self, head: bytes) -> AudioFormatError:
        if not head:
            got = "an empty one"
        elif head[4:8] == b"ftyp":
            got = "one of the MP4 family whose index is missing: it is cut short"
        else:
            got = f"one that begins with {head[:12]!r}"
        return AudioFormatError(
            f"{self.name}: expected a WAV file, or another recording with audio that can be read, got {got}; "
            "does `ffmpeg -i FILE talk.wav` convert it?"
        )


class _Feed:
    """What the library reads from. It would swallow a Ctrl-C that comes while it does."""

    def __init__(self, file: BinaryIO | Pipe, name: str) -> None:
        self.name = name
        self._file = file
        self._stopped = False
        #: What it begins with.
        self.head = b""
        if not isinstance(file, Pipe):
            self._whole = file
            self.seek, self.tell = self._seek, file.tell

    def read(self, size: int) -> bytes:
        if self._stopped:
            return b""
        try:
            data = self._file.read(size)
            self.head = self.head or data[:16]
            return data
        except KeyboardInterrupt:
            self._stopped = True
            return b""

    def _seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._whole.seek(offset, whence)
        except (OSError, ValueError):
            # A damaged file leads to where nothing can be: the library makes do without it.
            return -1

    def check(self) -> None:
        """Raises the KeyboardInterrupt that came."""
        if self._stopped:
            raise KeyboardInterrupt


def _library(name: str) -> Any:
    try:
        import av  # noqa: PLC0415 - an extra: WAV files can do without it
        import numpy  # noqa: F401, ICN001, PLC0415 - see above
    except ImportError as error:
        raise DependencyMissing(
            f"expected {'PyAV' if error.name == 'av' else error.name} to read {name}, which is no plain WAV file: "
            f"{install_extra('files')}, or convert it: ffmpeg -i {name} talk.wav"
        ) from None
    return av


def _duration(container: Any, stream: Any) -> float | None:
    """In s, None where nobody knows; a container's is in microseconds."""
    if stream.duration and stream.time_base:
        length = float(stream.duration * stream.time_base)
    else:
        length = (container.duration or 0) / 1_000_000
    return length if length > 0 else None


def _samples(frame: AudioFrame, channels: int) -> NDArray[np.float32]:
    """The frame's samples (time, channel), -1 to 1."""
    samples = levels(frame.to_ndarray())
    return samples.T if frame.format.is_planar else samples.reshape(-1, channels)


def _silence(samples: int, channels: int) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - see above

    return np.zeros((samples, channels), np.float32)
