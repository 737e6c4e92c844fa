"""What takes the inputs of a key that may not be served."""

from __future__ import annotations

from processors.contract import Context, Input, Operator
from shared.metrics import Metric


class Refusal(Operator):
    """Releases every input: the first as a dead letter, the others just counted."""

    def __init__(self, context: Context, reason: str) -> None:
        self._context = context
        self._reason = reason
        self._told = False

    async def take(self, received: Input) -> None:
        """See Operator.take."""
        if not self._told:
            self._context.dead_letter(self._reason, received)
            self._told = True
        self._context.metrics.count(Metric.REFUSED_FRAMES)
        self._context.release(received)
