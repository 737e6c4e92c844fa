"""Clips lie end to end on the speaker's time line; the further behind, the faster they are spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.synthesize.lag import FASTEST, FASTEST_FROM, SpeechTimeline, tempo

pytestmark = pytest.mark.hermetic


@pytest.mark.parametrize(
    ("lag", "expected"), [(0, 1.0), (1000, 1.0), (2000, 1.075), (3000, 1.15), (5000, 1.3), (30_000, 1.3)]
)
def test_the_tempo_rises_evenly_with_the_lag(lag: int, expected: float) -> None:
    assert tempo(lag) == expected


def test_a_clip_starts_at_its_segments_end_or_behind_the_clip_before() -> None:
    line = SpeechTimeline(max_lag=0)
    first = line.place(1000)
    assert (first.start, first.lag, first.tempo) == (1000, 0, 1.0)
    line.spoken(first, 4000)
    second = line.place(2000)
    assert (second.start, second.lag, second.tempo) == (5000, 3000, 1.15)
    line.spoken(second, 1000)
    third = line.place(9000)
    assert (third.start, third.lag, third.tempo) == (9000, 0, 1.0)


def test_what_was_not_spoken_takes_no_room() -> None:
    line = SpeechTimeline(max_lag=2000)
    line.spoken(line.place(1000), 4000)
    assert line.place(2000).late
    on_the_edge = line.place(3000)
    assert (on_the_edge.lag, on_the_edge.late) == (2000, False)


@given(
    st.lists(st.tuples(st.integers(100, 10_000), st.integers(0, 20_000)), max_size=40),
    st.sampled_from([0, 3000, 30_000]),
)
def test_no_clip_overlaps_another_comes_before_its_segment_or_later_than_allowed(
    segments: list[tuple[int, int]], max_lag: int
) -> None:
    line = SpeechTimeline(max_lag)
    end = free = 0
    for gap, length in segments:
        end += gap
        place = line.place(end)
        assert place.start >= max(end, free)
        assert place.start in (end, free)
        assert 1.0 <= place.tempo <= FASTEST
        if max_lag:
            assert place.late == (place.lag > max_lag)
        else:
            assert not place.late
        if not place.late:
            free = place.start + round(length / place.tempo)
            line.spoken(place, free - place.start)


@given(st.integers(500, 5000), st.floats(1.0, 1.25))
def test_a_language_a_quarter_longer_than_its_source_never_falls_far_behind(gap: int, longer: float) -> None:
    line = SpeechTimeline(max_lag=0)
    for number in range(1, 300):
        place = line.place(number * gap)
        assert place.lag < FASTEST_FROM + gap
        line.spoken(place, round(gap * longer / place.tempo))


@given(st.integers(0, 60_000))
def test_a_speaker_who_pauses_is_caught_up_with(behind: int) -> None:
    line = SpeechTimeline(max_lag=0)
    line.spoken(line.place(0), behind)
    assert line.place(behind).lag == 0
    assert line.place(behind).tempo == 1.0
