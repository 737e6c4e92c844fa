"""A child that does what no child may fails the suite: the simulated daemon mends none of it unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.conformance.scripted_cluster import SETTLED, cluster_of, sentences
from tests.support.virtual_time import run

pytestmark = [pytest.mark.hermetic, pytest.mark.kcl]


def crash_now_and_then(patch: pytest.MonkeyPatch) -> None:
    from processors.hosts.kcl.shard_host import ShardHost

    feed, calls = ShardHost.feed, count(1)

    async def fails(self: ShardHost, items: Any) -> None:
        if next(calls) % 100 == 0:
            raise RuntimeError("crashed unasked")
        await feed(self, items)

    patch.setattr(ShardHost, "feed", fails)


def checkpoint_what_never_came(patch: pytest.MonkeyPatch) -> None:
    _checkpoint(patch, lambda mark: mark + 1_000_000)


def checkpoint_backwards(patch: pytest.MonkeyPatch) -> None:
    marks = count(-1, -1)
    _checkpoint(patch, lambda _: next(marks))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (crash_now_and_then, "nobody planned"),
        (checkpoint_what_never_came, "beyond"),
        (checkpoint_backwards, "does not rise"),
    ],
)
def test_a_fault_of_a_child_that_costs_no_word_fails_all_the_same(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None], message: str
) -> None:
    fault(monkeypatch)

    async def main() -> None:
        talk = sentences()
        cluster = cluster_of("kcl", talk)
        cluster.start()
        await cluster.speak(talk)
        await asyncio.sleep(SETTLED)
        with pytest.raises(AssertionError, match=message):
            await cluster.stop()

    run(main())


def _checkpoint(patch: pytest.MonkeyPatch, changed: Callable[[int], int]) -> None:
    """Has every child ask for another checkpoint than the one that is due."""
    from amazon_kclpy.kcl import Checkpointer

    ask = Checkpointer.checkpoint

    def checkpoint(self: Checkpointer, sequence: str | None, sub_sequence: int | None) -> None:
        ask(self, sequence and str(changed(int(sequence))), sub_sequence)

    patch.setattr(Checkpointer, "checkpoint", checkpoint)
