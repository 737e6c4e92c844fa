"""Half a minute as Moonshine heard it, fed at the pace of speech and without a limit: the same words are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Hypothesis
from shared.models import FinalResult, PartialResult, Result
from tests.support.virtual_time import run
from tests.unit.processors.stability.stability_harness import ended, segments, spoken, start_harness, with_silences

pytestmark = pytest.mark.hermetic

HEARD = Script.load(Path(__file__).parents[4] / "cli" / "demo" / "recording.moonshine.jsonl").results
#: What Moonshine takes at once where it is fed without a limit, and how far that is ahead of what it has decoded, in ms.
PIECE, AHEAD = 2000, 4000


def result(heard: Hypothesis, position: int) -> Result:
    kind = FinalResult if heard.final else PartialResult
    return kind(
        session="talk",
        captured_at=1,
        take=1,
        utterance=heard.utterance,
        start=heard.start,
        end=heard.end,
        position=position,
        items=heard.items,
    )


def piece(heard: Hypothesis) -> int:
    """Where the piece ends in which it was heard."""
    return -(-heard.position // PIECE) * PIECE


def last_of_pieces(heard: Sequence[Hypothesis]) -> list[Hypothesis]:
    """What a recogniser says that is asked once a piece."""
    lasting = [
        before
        for before, after in pairwise(heard)
        if before.final or before.utterance != after.utterance or piece(before) != piece(after)
    ]
    return [*lasting, heard[-1]]


async def committed(results: Sequence[Result], *, live: bool) -> list[str]:
    harness = await start_harness()
    position = 0
    for record in with_silences(results, rest=3000) if live else results:
        if live:
            await asyncio.sleep((record.position - position) / 1000)
            position = record.position
        await harness.send(record)
    await harness.send(ended())
    return spoken(segments(harness))


@pytest.mark.parametrize("ahead", [0, AHEAD], ids=["as far as decoded", "as far as fed"])
@pytest.mark.parametrize("heard", [HEARD, last_of_pieces(HEARD)], ids=["every result", "one a piece"])
def test_a_recording_fed_without_a_limit_commits_the_words_of_live_speech(
    heard: Sequence[Hypothesis], ahead: int
) -> None:
    live = run(committed([result(each, each.position) for each in HEARD], live=True))
    assert "Unless" in live
    assert run(committed([result(each, piece(each) + ahead) for each in heard], live=False)) == live


@pytest.mark.parametrize("at", range(1, len(HEARD), 7))
def test_a_recogniser_that_was_killed_anywhere_commits_no_guess_more(at: int) -> None:
    """What it hears again is the open utterance, by another take, after it was away for a while."""

    async def main() -> None:
        harness = await start_harness()
        for each in HEARD[:at]:
            await harness.send(result(each, each.position), every=0.1)
        await asyncio.sleep(16)
        open_since = max((n for n, each in enumerate(HEARD[:at], 1) if each.final), default=0)
        for each in HEARD[open_since:]:
            await harness.send(replace(result(each, each.position), take=2), every=0.1)
        await harness.send(ended())
        assert spoken(segments(harness)) == await committed([result(each, each.position) for each in HEARD], live=True)

    run(main())
