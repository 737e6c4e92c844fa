"""Every segment goes on once; what a faulty writer says again keeps its number alone."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.dedup.stage import DedupStage
from shared.errors import SessionUnknown
from shared.metrics import Metric
from shared.models import Correction, PartialResult, Record, Segment, SessionEnded, Status, Word
from shared.sessions import MemorySessionStore, Session
from tests.support.operator_harness import OperatorHarness
from tests.support.virtual_time import EPOCH, VirtualClock, run

pytestmark = pytest.mark.hermetic


def segment(number: int, text: str = "", start: int | None = None, end: int | None = None) -> Segment:
    start = number * 1000 if start is None else start
    end = start + 1000 if end is None else end
    return Segment(
        session="talk",
        captured_at=EPOCH,
        hops={"ingest": EPOCH},
        number=number,
        language="en",
        text=text or f"Sentence {number}.",
        start=start,
        end=end,
        words=(Word("Sentence", start, end),),
    )


def correction(revision: int, first: int = 1, last: int = 2) -> Correction:
    return Correction(session="talk", captured_at=EPOCH, first=first, last=last, revision=revision, text="Better.")


END = SessionEnded(session="talk", captured_at=EPOCH)


async def start_harness(**settings: str) -> OperatorHarness:
    store = MemorySessionStore()
    await store.create(
        Session(id="talk", source_language="en", target_languages=("es",), started_at=EPOCH, settings=settings)
    )
    return await OperatorHarness(DedupStage(), store=store).start()


def passed(*records: Record, every: float = 0.0, **settings: str) -> OperatorHarness:
    """A harness whose operator was sent the records, and acked every one of them."""

    async def sent() -> OperatorHarness:
        harness = await start_harness(**settings)
        await harness.send(*records, every=every)
        await harness.close()
        assert harness.acked == list(records)
        return harness

    return run(sent())


def statuses(harness: OperatorHarness) -> list[Status]:
    return [record.status for record in harness.emitted if isinstance(record, Segment)]


def test_what_is_new_goes_on_as_it_is_and_in_order() -> None:
    records: list[Record] = [segment(1), segment(2), correction(1), segment(3), END]
    assert passed(*records).emitted == records


def test_what_a_replay_brings_again_is_dropped_and_counted() -> None:
    harness = passed(segment(4), segment(5), segment(4), segment(5), segment(6))
    assert harness.emitted == [segment(4), segment(5), segment(6)]
    assert harness.metrics.total(Metric.REPLAYED_RECORDS, stage="dedup") == 2
    assert harness.metrics.total(Metric.DUPLICATES_DETECTED) == 0


def test_of_corrections_of_one_range_only_a_higher_revision_goes_on() -> None:
    harness = passed(correction(2), correction(1), correction(2), correction(3), correction(1, first=2))
    assert harness.emitted == [correction(2), correction(3), correction(1, first=2)]
    assert harness.metrics.total(Metric.REPLAYED_RECORDS, stage="dedup") == 2


def test_the_same_words_over_the_same_audio_keep_their_number_but_lose_their_text() -> None:
    harness = passed(segment(1, "Good night, Bob.", 0, 1000), segment(2, "good  night — bob!", 200, 1200))
    assert harness.emitted[0] == segment(1, "Good night, Bob.", 0, 1000)
    repeat = harness.emitted[1]
    assert isinstance(repeat, Segment)
    assert (repeat.number, repeat.start, repeat.end) == (2, 200, 1200)
    assert (repeat.status, repeat.text, repeat.words) == (Status.DUPLICATE, "", ())
    assert harness.metrics.total(Metric.DUPLICATES_DETECTED) == 1
    assert harness.metrics.total(Metric.REPLAYED_RECORDS) == 0


def test_a_phrase_really_said_twice_goes_on_twice() -> None:
    harness = passed(segment(1, "Ring the bell.", 0, 800), segment(2, "Ring the bell.", 800, 1600))
    assert harness.emitted == [segment(1, "Ring the bell.", 0, 800), segment(2, "Ring the bell.", 800, 1600)]


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (500, 1500, Status.OK),
        (499, 1499, Status.DUPLICATE),
        (0, 4000, Status.DUPLICATE),
        (950, 1050, Status.OK),
        (949, 1049, Status.DUPLICATE),
        (1000, 2000, Status.OK),
    ],
)
def test_a_repeat_shares_more_than_half_of_the_shorter_span(start: int, end: int, status: Status) -> None:
    harness = passed(segment(1, "Yes.", 0, 1000), segment(2, "Yes.", start, end))
    assert statuses(harness) == [Status.OK, status]


def test_a_repeat_of_words_without_length_has_the_same_place() -> None:
    said = [segment(1, "Yes.", 500, 500), segment(2, "Yes.", 500, 500), segment(3, "Yes.", 600, 600)]
    assert statuses(passed(*said)) == [Status.OK, Status.DUPLICATE, Status.OK]


def test_other_words_over_the_same_audio_are_no_repeat() -> None:
    assert statuses(passed(segment(1, "Yes.", 0, 1000), segment(2, "No.", 0, 1000))) == [Status.OK, Status.OK]


def test_marks_without_words_are_no_repeat() -> None:
    assert statuses(passed(segment(1, "...", 0, 1000), segment(2, "...", 0, 1000))) == [Status.OK, Status.OK]


@pytest.mark.parametrize(("ttl", "status"), [("10", Status.OK), ("20", Status.DUPLICATE)])
def test_a_text_is_forgotten_when_its_time_is_up(ttl: str, status: Status) -> None:
    said = [segment(number, "Yes.", 0, 1000) for number in (1, 2)]
    harness = passed(*said, every=11, DEDUP_CACHE_TTL=ttl)
    assert statuses(harness) == [Status.OK, status]


def test_what_is_repeated_and_repeated_again_stays_unsaid() -> None:
    said = [segment(number, "Yes.", 0, 1000) for number in (1, 2, 3)]
    assert statuses(passed(*said, every=8)) == [Status.OK, Status.DUPLICATE, Status.DUPLICATE]


def test_the_cache_size_is_that_of_all_sessions_and_falls_with_time() -> None:
    async def main() -> None:
        store = MemorySessionStore()
        stage = DedupStage()
        for session in ("one", "two"):
            await store.create(Session(id=session, source_language="en", target_languages=(), started_at=EPOCH))
        one = await OperatorHarness(stage, "one", store=store).start()
        two = await OperatorHarness(stage, "two", store=store).start()
        await one.send(segment(1), segment(2))
        await two.send(segment(1), every=11)
        assert two.metrics.level(Metric.CACHE_SIZE, stage="dedup") == 3
        await one.send(segment(3))
        assert one.metrics.level(Metric.CACHE_SIZE, stage="dedup") == 2
        await two.close()
        assert two.metrics.level(Metric.CACHE_SIZE, stage="dedup") == 1
        await one.close()

    run(main())


def test_a_session_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SessionUnknown):
        run(OperatorHarness(DedupStage()).start())


def test_a_record_that_does_not_belong_here_is_named() -> None:
    async def main() -> None:
        harness = await start_harness()
        stray = PartialResult(
            session="talk", captured_at=EPOCH, take=1, utterance=1, start=0, end=1, position=1, items=()
        )
        try:
            with pytest.raises(TypeError, match="expected a Segment, Correction or SessionEnded, got PartialResult"):
                await harness.send(stray)
        finally:
            await harness.close()

    run(main())


@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), max_size=8))
def test_whatever_is_read_again_each_number_goes_on_once_and_in_order(
    length: int, reread: list[tuple[int, int]]
) -> None:
    said = [segment(number) for number in range(1, length + 1)]
    read: list[Record] = []
    newest = 0
    for back, ahead in [*reread, (0, length)]:
        start = max(0, newest - back)
        read += said[start : start + ahead]
        newest = max(newest, start + ahead)
    read += said[newest:]
    assert passed(*read).emitted == said


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize(("later", "last"), [(5, Status.DUPLICATE), (60, Status.OK)], ids=["just now", "long ago"])
def test_a_clock_that_steps_makes_nothing_just_now_or_long_ago(hours: int, later: int, last: Status) -> None:
    class Stepping(VirtualClock):
        step = 0

        def now(self) -> int:
            return super().now() + self.step

    async def main() -> None:
        harness = await start_harness()
        harness.clock = clock = Stepping()
        await harness.send(segment(1, "Same words.", 0, 1000))
        clock.step = hours * 3_600_000
        await asyncio.sleep(later)
        await harness.send(segment(2, "Same words.", 100, 1100))
        assert statuses(harness) == [Status.OK, last]

    run(main())
