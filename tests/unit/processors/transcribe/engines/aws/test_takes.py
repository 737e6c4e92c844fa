from __future__ import annotations

import asyncio

import pytest

from shared.errors import EngineUnavailable
from tests.unit.processors.transcribe.engines.aws.fake_transcribe import AwsEngineHarness, all_of, fake_result

pytestmark = pytest.mark.hermetic


async def test_audio_goes_out_in_pieces_and_results_come_back_placed_in_it() -> None:
    take, stream = await AwsEngineHarness().open()
    await take.feed(b"\x01\x00" * 16000)
    stream.say(fake_result("x", "one", 0.2))
    assert (await anext(aiter(take))).position == 1000
    assert b"".join(stream.sent) == b"\x01\x00" * 16000
    assert max(map(len, stream.sent)) <= 32 * 1024
    await take.close()


async def test_a_take_that_was_finished_ends_when_its_stream_has() -> None:
    take, stream = await AwsEngineHarness().open()
    await take.finish()
    assert stream.ended
    stream.say(fake_result("x", "last words", final=True))
    stream.stop()
    assert [hypothesis.final for hypothesis in await all_of(take)] == [True]
    await take.close()


async def test_a_stream_that_ends_before_the_audio_has_dropped() -> None:
    take, stream = await AwsEngineHarness().open()
    stream.say(fake_result("x", "one", final=True))
    stream.stop()
    with pytest.raises(EngineUnavailable, match="before its audio had ended"):
        await all_of(take)
    await take.feed(bytes(3200))
    await take.finish()
    assert not stream.sent
    assert not stream.ended
    await take.close()


async def test_a_stream_that_ends_without_its_last_final_has_dropped() -> None:
    take, stream = await AwsEngineHarness().open()
    stream.say(fake_result("x", "one"))
    await take.finish()
    stream.stop()
    with pytest.raises(EngineUnavailable, match="without its last final"):
        await all_of(take)
    await take.close()


async def test_what_breaks_a_stream_is_told() -> None:
    take, stream = await AwsEngineHarness().open()
    stream.stop(EngineUnavailable("the stream broke"))
    with pytest.raises(EngineUnavailable, match="the stream broke"):
        await all_of(take)
    await take.close()


async def test_a_stream_that_takes_no_audio_or_no_end_has_dropped() -> None:
    take, stream = await AwsEngineHarness().open()
    stream.refusal = EngineUnavailable("took no audio")
    with pytest.raises(EngineUnavailable, match="took no audio"):
        await take.feed(bytes(3200))
    await take.finish()
    with pytest.raises(EngineUnavailable, match="took no audio"):
        await all_of(take)
    await take.close()


@pytest.mark.parametrize(
    ("end", "told"),
    [(EngineUnavailable("LimitExceededException"), "LimitExceeded"), (None, "before its audio had ended")],
)
async def test_a_stream_that_the_service_ended_just_before_its_audio_did_says_why(
    end: EngineUnavailable | None, told: str
) -> None:
    take, stream = await AwsEngineHarness().open()
    stream.refusal = EngineUnavailable("the stream had ended")
    stream.stop(end)
    await take.finish()
    with pytest.raises(EngineUnavailable, match=told):
        await all_of(take)
    await take.close()


async def test_closing_ends_the_iteration_and_the_stream() -> None:
    harness = AwsEngineHarness()
    take, stream = await harness.open()
    reading = asyncio.create_task(all_of(take))
    await asyncio.sleep(0)
    await take.close()
    assert await reading == []
    assert stream.closed == 1


async def test_an_engine_closes_the_takes_that_are_open_and_its_client() -> None:
    harness = AwsEngineHarness()
    first, _ = await harness.open()
    await harness.open()
    await first.close()
    await harness.engine.close()
    assert [stream.closed for stream in harness.client.streams] == [1, 1]
    assert harness.client.closed


async def test_a_closing_that_is_cancelled_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    harness = AwsEngineHarness()
    take, stream = await harness.open()
    before = asyncio.all_tasks()
    monkeypatch.setattr(stream, "close", asyncio.Event().wait)
    closing = asyncio.create_task(take.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await asyncio.sleep(0)
    assert asyncio.all_tasks() < before
    monkeypatch.undo()
    await harness.engine.close()
    assert stream.closed == 0
