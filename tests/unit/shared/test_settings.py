"""Settings: what is taken, what is refused and how, and the file that shows them."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from shared.errors import SettingError
from shared.settings import Settings

pytestmark = pytest.mark.hermetic

_RANGES = {
    "MIN_STABILITY_THRESHOLD": (0.70, 0.95),
    "MAX_BUFFER_TIMEOUT": (2, 10),
    "PAUSE_THRESHOLD": (0.5, 10),
    "ORPHAN_TIMEOUT": (5, 50),
    "MAX_RATE_PER_SECOND": (1, 100),
    "MAX_BUFFERED_SPEECH": (2, 30),
    "DEDUP_CACHE_TTL": (1, 300),
    "MAX_HOLD": (10, 600),
    "SPEECH_MAX_LAG": (0, 3600),
    "IDLE_TIMEOUT": (60, 7200),
    "START_TIMEOUT": (60, 604_800),
    "MAX_SESSION_LENGTH": (60, 86_400),
    "MAX_PARK": (60, 3600),
    "TRANSLATION_CACHE_SIZE": (1, 1_000_000),
    "TRANSLATE_SESSION_CHARACTERS": (0, 1_000_000_000),
    "TRANSLATE_DAY_CHARACTERS": (0, 1_000_000_000),
    "OUTAGE_BUFFER": (1, 600),
    "METRICS_PORT": (0, 65_535),
    "WORKER_READ_INTERVAL": (0.25, 10),
    "SINK_READ_INTERVAL": (0.25, 10),
    "KCL_FAILOVER_TIME": (1, 300),
}
_NUMERIC = {column.name.upper() for column in fields(Settings) if column.type in ("int", "float")}


def value(settings: Settings, name: str) -> object:
    return getattr(settings, name.lower())


def test_the_defaults_of_the_stability_filter() -> None:
    settings = Settings.load({})
    assert settings == Settings()
    assert settings.partial_results_enabled is True
    assert (settings.min_stability_threshold, settings.max_buffer_timeout, settings.pause_threshold) == (0.85, 3, 2)
    assert (settings.orphan_timeout, settings.max_rate_per_second, settings.max_buffered_speech) == (15, 5, 10)
    assert (settings.dedup_cache_ttl, settings.max_hold, settings.outage_buffer) == (10, 60, 30)
    assert settings.recogniser == "moonshine"


def test_every_number_has_a_range() -> None:
    assert set(_RANGES) == _NUMERIC


@pytest.mark.parametrize(("name", "limits"), _RANGES.items())
def test_a_number_is_taken_from_its_range_alone(name: str, limits: tuple[float, float]) -> None:
    low, high = limits
    for limit in limits:
        assert value(Settings.load({name: f" {limit} "}), name) == limit
    for refused in (
        str(low - 0.01),
        str(low - 1),
        str(high + 0.01),
        str(high + 1),
        "nan",
        "inf",
        "-inf",
        "many",
        "5 s",
    ):
        with pytest.raises(SettingError) as caught:
            Settings.load({name: refused})
        assert str(caught.value).startswith(f"{name}={refused}: expected {low:.10g}-{high:.10g}")


@pytest.mark.parametrize("name", ["TRANSLATION_CACHE_SIZE", "METRICS_PORT"])
def test_a_count_is_a_whole_number(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name}=2.5: expected "):
        Settings.load({name: "2.5"})


def test_a_switch_is_on_or_off() -> None:
    for text in ("true", "TRUE", "1", "yes", "On "):
        assert Settings.load({"PARTIAL_RESULTS_ENABLED": text}).partial_results_enabled is True
    for text in ("false", "0", "No", "off"):
        assert Settings.load({"PARTIAL_RESULTS_ENABLED": text}).partial_results_enabled is False
    with pytest.raises(SettingError, match="PARTIAL_RESULTS_ENABLED=perhaps: expected true or false"):
        Settings.load({"PARTIAL_RESULTS_ENABLED": "perhaps"})


def test_a_text_is_not_blank() -> None:
    assert Settings.load({"RECOGNISER": "mine"}).recogniser == "mine"
    with pytest.raises(SettingError, match="RECOGNISER=  : expected text"):
        Settings.load({"RECOGNISER": "  "})


def test_amazon_translate_takes_one_terminology() -> None:
    assert Settings.load({"TRANSLATE_TERMINOLOGY": " medicine "}).translate_terminology == "medicine"
    with pytest.raises(SettingError, match=r"^TRANSLATE_TERMINOLOGY=medicine,names: expected one name$"):
        Settings.load({"TRANSLATE_TERMINOLOGY": "medicine,names"})


def test_what_is_parked_waits_no_shorter_than_what_is_held() -> None:
    with pytest.raises(SettingError, match=r"^MAX_PARK=100: expected at least MAX_HOLD, which is 200 s$"):
        Settings.load({"MAX_PARK": "100", "MAX_HOLD": "200"})
    assert Settings.load({"MAX_PARK": "200", "MAX_HOLD": "200"}).max_park == 200


def test_of_what_a_session_overrides_the_valid_part_is_tolerated() -> None:
    settings = Settings().tolerate({"MAX_HOLD": "1", "NONE_OF_OURS": "1", "MAX_RATE_PER_SECOND": "7"})
    assert settings == Settings(max_rate_per_second=7)


def test_who_tolerates_a_sessions_settings_is_told_of_those_that_are_refused() -> None:
    refused: list[str] = []
    Settings().tolerate({"MAX_HOLD": "1", "MAX_RATE_PER_SECOND": "7"}, lambda error: refused.append(str(error)))
    assert refused == ["MAX_HOLD=1: expected 10-600 s"]


def test_what_is_empty_or_not_a_setting_of_ours_is_left_alone_in_the_environment() -> None:
    assert Settings.load({"MAX_HOLD": "", "PATH": "/bin", "max_hold": "20"}) == Settings()


def test_a_session_overrides_some_and_leaves_the_rest() -> None:
    process = Settings.load({"MAX_HOLD": "30", "PAUSE_THRESHOLD": "3"})
    session = process.override({"PAUSE_THRESHOLD": "1.5"})
    assert (session.max_hold, session.pause_threshold) == (30, 1.5)
    assert process.pause_threshold == 3
    with pytest.raises(SettingError, match="PAUSE_TRESHOLD: there is no such setting"):
        process.override({"PAUSE_TRESHOLD": "1.5"})


def test_a_choice_is_one_of_those_there_are() -> None:
    assert Settings.load({"KCL_MODE": " 3X "}).kcl_mode == "3x"
    with pytest.raises(SettingError, match=r"^KCL_MODE=4x: expected 2x or 3x$"):
        Settings.load({"KCL_MODE": "4x"})


def test_a_program_loads_the_settings_that_it_needs_alone() -> None:
    environ = {"METRICS_PORT": "tcp://10.0.0.7:80", "KCL_MODE": "4x", "OUTAGE_BUFFER": "60"}
    assert Settings.load(environ, only=["OUTAGE_BUFFER", "MAX_HOLD"]) == Settings(outage_buffer=60)
    assert Settings.load(environ, only=[]) == Settings()
    with pytest.raises(SettingError, match=r"^METRICS_PORT=tcp://10\.0\.0\.7:80: expected 0-65535$"):
        Settings.load(environ, only=["METRICS_PORT"])


def test_what_is_described_can_be_loaded_again() -> None:
    settings = Settings.load({"MIN_STABILITY_THRESHOLD": "0.8", "PARTIAL_RESULTS_ENABLED": "off", "METRICS_PORT": "9"})
    described = {name: text for name, text, _, _ in settings.describe()}
    assert Settings.load(described) == settings


def test_the_example_file_shows_every_setting_with_its_default_range_and_meaning() -> None:
    text = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    written = re.sub(r"^# (?:begin|end) settings.*\n", "", text, flags=re.MULTILINE)
    *blocks, aws = re.split(r"\n{2,}", written.strip())[1:]
    assert blocks == [
        f"# {meaning} ({limits})\n#{name}={default}" for name, default, limits, meaning in Settings().describe()
    ]
    assert aws.count("#AWS_") == 4
