"""The stability stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Stage
from processors.stability.claims import MAX_UNPUBLISHED
from processors.stability.operator import Stabiliser
from shared.streams import StreamName


class StabilityStage(Stage):
    """Results in, segments out: decides what is said for good."""

    name = "stability"
    reads = StreamName.TRANSCRIPTS
    internal = frozenset({StreamName.SEGMENTS})
    #: Below the most segments of a session that are claimed and not published, which would stop it.
    most_waiting = MAX_UNPUBLISHED * 0.9

    def operator(self, context: Context) -> Operator:
        return Stabiliser(context)
