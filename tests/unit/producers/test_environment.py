"""What the environment may say to a client: it looks at no setting but the one that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import OutageBufferFull, SettingError
from shared.metrics import MemoryMetrics, Metric
from tests.support.virtual_time import run
from tests.unit.producers.flaky_stream import FlakyStream
from tests.unit.producers.producer_harness import TALK, producer, speak

pytestmark = pytest.mark.hermetic


async def kept_in_an_outage(session: Any = TALK, **options: Any) -> float:
    """Seconds of audio that a producer keeps while nothing is taken."""
    stream, metrics = FlakyStream(), MemoryMetrics()
    async with producer(stream, session=session, metrics=metrics, **options) as talk:
        stream.out = True
        with pytest.raises(OutageBufferFull):
            await speak(talk, 700)
        kept = talk.status.unsent_s
        stream.out = False
    assert metrics.total(Metric.AUDIO_REFUSED) > 0
    return round(kept, 3)


@pytest.mark.parametrize(
    "environ",
    [
        {"METRICS_PORT": "tcp://10.0.0.7:80"},
        {"MAX_PARK": "60", "MAX_HOLD": "600"},
        {"KCL_MODE": "9", "MIN_STABILITY_THRESHOLD": "high", "TRANSLATE_TERMINOLOGY": "a,b"},
        {"IDLE_TIMEOUT": "soon", "MAX_SESSION_LENGTH": "9e9"},
    ],
)
def test_a_setting_that_is_for_others_may_be_anything(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run(kept_in_an_outage()) == 30


def test_the_one_that_it_needs_is_refused_by_name_value_and_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTAGE_BUFFER", "12")
    assert run(kept_in_an_outage()) == 12
    monkeypatch.setenv("OUTAGE_BUFFER", "tcp://10.0.0.7:80")
    with pytest.raises(SettingError, match=r"^OUTAGE_BUFFER=tcp://10\.0\.0\.7:80: expected 1-600 s$"):
        producer(FlakyStream())


def test_where_it_is_told_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTAGE_BUFFER", "tcp://10.0.0.7:80")
    assert run(kept_in_an_outage(outage_buffer_s=5)) == 5
    assert run(kept_in_an_outage(replace(TALK, settings={"OUTAGE_BUFFER": "7"}))) == 7


def test_what_a_session_brings_is_looked_at_whole() -> None:
    with pytest.raises(SettingError, match=r"^MAX_HOLD=1: expected 10-600 s$"):
        producer(FlakyStream(), session=replace(TALK, settings={"MAX_HOLD": "1"}))


@pytest.mark.parametrize("name", ["queue_s", "outage_buffer_s", "timeout_s"])
@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_time_that_cannot_be_is_refused(name: str, seconds: float) -> None:
    times: dict[str, Any] = {name: seconds}
    with pytest.raises(ValueError, match=f"expected {name} to be 0 or more, got {seconds}"):
        producer(FlakyStream(), **times)
