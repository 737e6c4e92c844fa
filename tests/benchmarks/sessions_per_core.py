"""How many sessions one core sustains through stability and dedup, what limits it, and how the cost grows with them.

Sessions bring five partial results of 20 words a second each. Hosts of 10 sessions and of each double up to 1,280, each
in a process of its own, take 70 results in turn, again and again: what disturbs one of them disturbs all. A result's
cost is all CPU time over all results; streams and store are in memory, on virtual time. What is left to the host is
also that of the loop, and of the stand-in for a stream (about a seventh of it).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from operator import itemgetter

from shared.codec import decode, encode
from tests.benchmarks.bare_operators import TALK, decide
from tests.benchmarks.codec import HEADER, loads_and_dumps
from tests.benchmarks.costs import cpu
from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.load import RATE, UTTERANCE, Load
from tests.benchmarks.results import talk

_SESSIONS = [10 * 2**power for power in range(8)]
#: How often each host has its turn, and every how many turns the parts have theirs.
_TURNS, _PARTS_EVERY = 120, 12
#: Results of which the parts are measured: those of seven utterances.
_RESULTS = 7 * UTTERANCE
_BASELINE = "orjson.loads + dumps"


def run() -> Iterator[Figure]:
    """All hosts and parts in turns."""
    costs, parts = _measure()
    few, *_, many = _SESSIONS
    hosted, baseline = costs[many], parts.pop(_BASELINE)
    yield Figure(
        name="sessions_per_core: sessions that a core sustains, in stability + dedup alone",
        value=1 / RATE / hosted,
        unit="sessions",
        baseline=1 / RATE / baseline,
        against=f"{_BASELINE} of each result",
    )
    parts["host"] = hosted - sum(parts.values())
    for number, (part, cost) in enumerate(sorted(parts.items(), key=itemgetter(1), reverse=True)):
        yield Figure(
            name=f"sessions_per_core: a result's cost, {part}{' (limits)' if not number else ''}",
            value=cost * 1e6,
            unit="us CPU",
            baseline=hosted * 1e6,
            against="in all",
        )
    for sessions in _SESSIONS[1:]:
        yield Figure(
            name=f"sessions_per_core: a result's cost with {sessions:,} sessions",
            value=costs[sessions] * 1e6,
            unit="us CPU",
            baseline=costs[few] * 1e6,
            against=f"with {few}",
            bound=Bound("ratio", "<=", 1.1),
        )


def _measure() -> tuple[dict[int, float], dict[str, float]]:
    """CPU seconds a result: of each host, and of each part alone."""
    parts = _parts()
    hosted = dict.fromkeys(_SESSIONS, 0.0)
    alone = dict.fromkeys(parts, 0.0)
    with ExitStack() as stack:
        hosts = {
            sessions: stack.enter_context(
                ProcessPoolExecutor(1, get_context("spawn"), initializer=_open, initargs=(sessions,))
            )
            for sessions in _SESSIONS
        }
        for opened in [host.submit(_cost) for host in hosts.values()]:
            opened.result()
        for turn in range(_TURNS):
            for sessions, host in hosts.items():
                hosted[sessions] += host.submit(_cost).result() / _TURNS
            if turn % _PARTS_EVERY == 0:
                for part, work in parts.items():
                    alone[part] += cpu(work) / _RESULTS / (_TURNS // _PARTS_EVERY)
    return hosted, alone


def _parts() -> dict[str, Callable[[], object]]:
    """What can be done without a host, each for the results of a talk."""
    results = talk(TALK.id, 2)[:_RESULTS]
    data = [encode(result) for result in results]
    headers = [encoded[HEADER:] for encoded in data]
    emitted = asyncio.run(decide(results))

    def codec() -> None:
        for encoded in data:
            decode(encoded)
        for record in emitted:
            encode(record)

    return {
        "codec": codec,
        "stability + dedup": lambda: asyncio.run(decide(results)),
        _BASELINE: lambda: loads_and_dumps(headers),
    }


_loads: list[Load] = []


def _open(sessions: int) -> None:
    _loads.append(Load(sessions))


def _cost() -> float:
    return _loads[0].cost(UTTERANCE)
