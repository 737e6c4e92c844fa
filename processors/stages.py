"""The stages by name, for what runs them without making one."""

from shared.streams import StreamName

#: Every stage in the pipeline's order, and the stream that it reads.
STAGES = {
    "transcribe": StreamName.AUDIO,
    "stability": StreamName.TRANSCRIPTS,
    "dedup": StreamName.SEGMENTS,
    "translate": StreamName.UNIQUE_SEGMENTS,
    "synthesize": StreamName.TRANSLATIONS,
}
