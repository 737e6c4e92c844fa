"""The stability stage."""

from __future__ import annotations

from processors.contract import Context, Operator, Stage
from processors.stability.operator import Stabiliser
from shared.streams import StreamName


class StabilityStage(Stage):
    """Results in, segments out: decides what is said for good."""

    name = "stability"
    reads = StreamName.TRANSCRIPTS

    def operator(self, context: Context) -> Operator:
        return Stabiliser(context)
