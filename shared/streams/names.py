"""The streams of the pipeline."""

from enum import StrEnum


class StreamName(StrEnum):
    """One stream of the pipeline; on Kinesis its name is `{prefix}-{stream}`."""

    AUDIO = "audio"
    TRANSCRIPTS = "transcripts"
    SEGMENTS = "segments"
    UNIQUE_SEGMENTS = "unique-segments"
    TRANSLATIONS = "translations"
    SPEECH = "speech"
    DEAD_LETTERS = "dead-letters"
