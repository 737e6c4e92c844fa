"""What a record's hops say of its way through the pipeline."""

from __future__ import annotations

from collections.abc import Mapping

#: The stages in the order in which a record passes them; `ingest` is the audio's arrival on its stream.
PATH = ("ingest", "transcribe", "stability", "dedup", "translate", "synthesize")


def took(hops: Mapping[str, int], stage: str) -> int | None:
    """Ms from when the stage before published to when `stage` did; None where the hops do not tell."""
    before = [hops[name] for name in PATH[: PATH.index(stage)] if name in hops]
    return hops[stage] - before[-1] if stage in hops and before else None
