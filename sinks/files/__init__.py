"""Captions and speech as files that are readable at any moment."""

from sinks.files.subtitles import SrtWriter, SubtitleWriter, WebVttWriter
from sinks.files.wav import WavWriter

__all__ = ["SrtWriter", "SubtitleWriter", "WavWriter", "WebVttWriter"]
