"""A host of many open sessions, each somewhere else in a talk, all speaking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random

from processors.dedup.stage import DedupStage
from processors.hosts.local import LocalHost
from processors.stability.stage import StabilityStage
from shared.codec import encode
from shared.sessions import MemorySessionStore, Session
from shared.streams import StreamName
from tests.benchmarks.playback import FIRST, PlaybackStream, own, session_id
from tests.benchmarks.results import talk
from tests.support.virtual_time import VirtualClock, VirtualLoop

#: Results a second that each session brings.
RATE = 5
#: Results of an utterance of the talk, the last of them its final; and how long the talk is.
UTTERANCE, _MINUTES = 70, 4
#: Results that each session has brought before it counts: it is open then, and has said something.
_BEFORE = 4


class Load:
    """Stability and dedup, fused on the local host, on virtual time."""

    def __init__(self, sessions: int) -> None:
        self._sessions = sessions
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._runner.run(self._open())
        self.cost(_BEFORE * sessions)

    def cost(self, results: int) -> float:
        """CPU seconds of each of the next results, of which there are about so many."""
        played = self._source.played
        began = time.thread_time()
        self._runner.run(asyncio.sleep(results / RATE / self._sessions))
        return (time.thread_time() - began) / (self._source.played - played)

    async def _open(self) -> None:
        store = MemorySessionStore()
        ids = [session_id(number) for number in range(self._sessions)]
        for session in ids:
            await store.create(Session(id=session, source_language="en", target_languages=("es",), started_at=0))
        clock = VirtualClock()
        streams = {name: PlaybackStream(clock) for name in StreamName}
        self._source = streams[StreamName.TRANSCRIPTS] = PlaybackStream(clock, self._due(ids))
        self._host = LocalHost([[StabilityStage(), DedupStage()]], streams, store, clock=clock)
        self._host.start()

    def _due(self, sessions: Sequence[str]) -> Iterator[tuple[float, bytes]]:
        """Their results in turn: one final, and then those of the utterances behind it, from some place on.

        The places are random, as those of speakers are who know nothing of one another: in what order memory is taken
        and given back decides how often Python looks for garbage.
        """
        chance = Random(1)
        places = [chance.randrange(UTTERANCE) for _ in sessions]
        results = [encode(result) for result in talk(FIRST, _MINUTES)]
        interval = 1 / RATE / len(sessions)
        for turn in count():
            for number, session in enumerate(sessions):
                place = places[number] + turn if turn else 0
                data = own(results[UTTERANCE - 1 + place], session)
                yield (turn * len(sessions) + number) * interval, data
