"""What must have come of a recording that was played."""

from __future__ import annotations

from itertools import groupby

from shared.models import Status
from sinks import AudioChunk, Caption, Ended
from tests.end_to_end.pipeline_run import TARGETS, PipelineRun


def assert_all_arrived(played: PipelineRun) -> None:
    """Dense numbers, and for each of them a caption and a clip in every language, once."""
    numbers = list(range(1, len(played.segments) + 1))
    assert numbers
    assert [segment.number for segment in played.segments] == numbers
    for language in (None, *TARGETS):
        captions = [event for event in played.captions[language] if isinstance(event, Caption)]
        assert [caption.number for caption in captions] == numbers
        assert all(caption.text and caption.status is Status.OK for caption in captions)
    for language in TARGETS:
        chunks = [event for event in played.speech[language] if isinstance(event, AudioChunk)]
        assert played.speech[language] == [*chunks, Ended("ended")]
        assert [number for number, _ in groupby(chunk.number for chunk in chunks)] == numbers
        assert [chunk.number for chunk in chunks if chunk.first] == numbers
        assert [chunk.number for chunk in chunks if chunk.last] == numbers
        assert all(any(chunk.payload) for chunk in chunks if chunk.first)
