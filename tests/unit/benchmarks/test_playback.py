from __future__ import annotations

import asyncio

import pytest

from shared.codec import decode, encode
from shared.models import SessionEnded
from shared.streams import OLDEST, Entry
from tests.benchmarks.playback import FIRST, PlaybackStream, RecordingStream, own, session_id
from tests.support import virtual_time
from tests.support.virtual_time import VirtualClock

pytestmark = pytest.mark.hermetic


def test_records_are_played_when_they_are_due_and_then_nothing_more() -> None:
    async def read() -> list[tuple[float, bytes]]:
        stream = PlaybackStream(VirtualClock(), [(1.0, b"one"), (2.5, b"two")])
        reader = await stream.reader("playback", OLDEST)
        played = []
        for _ in range(2):
            (item,) = (await reader.read()).items
            played.append((asyncio.get_running_loop().time(), item.data))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await reader.read()
        assert stream.played == 2
        return played

    assert virtual_time.run(read()) == [(1.0, b"one"), (2.5, b"two")]


def test_what_is_recorded_can_be_played() -> None:
    async def record() -> list[tuple[float, bytes]]:
        stream = RecordingStream(VirtualClock())
        await asyncio.sleep(3)
        await stream.publish([Entry("talk", b"said")])
        return stream.recorded

    assert virtual_time.run(record()) == [(3.0, b"said")]


def test_a_record_is_given_to_another_session() -> None:
    ended = SessionEnded(session=FIRST, captured_at=1)
    assert decode(own(encode(ended), session_id(12))) == SessionEnded(session="session-0012", captured_at=1)
