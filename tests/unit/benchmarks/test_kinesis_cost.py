"""How records become PUT payload units and shard-hours."""

from __future__ import annotations

import pytest

from shared.streams import Entry
from tests.benchmarks.kinesis_cost import CountedStream, Traffic, framed

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(("size", "units"), [(1, 1), (25 * 1024, 1), (25 * 1024 + 1, 2), (1024 * 1024, 41)])
def test_each_record_is_rounded_up_to_25_kb(size: int, units: int) -> None:
    assert Traffic([size], seconds=3600).units == units
    assert Traffic([size] * 3, seconds=3600).units == 3 * units


def test_a_session_hour_is_scaled_from_the_length_of_the_audio() -> None:
    assert Traffic([100] * 10, seconds=36).units == 1000


def test_a_shard_is_used_up_by_a_megabyte_or_by_1000_records_a_second() -> None:
    assert Traffic([1 << 20] * 5, seconds=10).shard_hours == 0.5
    assert Traffic([100] * 5000, seconds=10).shard_hours == 0.5


async def test_a_stream_counts_the_data_and_the_key_of_each_record() -> None:
    stream = CountedStream("audio")
    await stream.publish([Entry("talk", b"12345"), Entry("talk/es", b"")])
    await stream.publish([Entry("talk", b"1")])
    assert stream.sizes == [9, 7, 5]


def test_the_baseline_has_a_record_for_20_ms_of_audio() -> None:
    sizes = framed(bytes(32000 + 320))
    assert len(sizes) == 51
    # The audio, and the header that comes with each.
    assert all(640 < size < 640 + 250 for size in sizes[:-1])
    assert 320 < sizes[-1] < sizes[0]
