"""Settings: their environment names, ranges and defaults, and overrides a session brings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from shared.errors import SettingError

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: Sequence[str] = (),
    single: bool = False,
    session: bool = False,
) -> Any:
    return field(
        default=default,
        metadata={
            "help": help,
            "low": low,
            "high": high,
            "unit": unit,
            "choices": choices,
            #: Whether it is one name, where a list by commas could be meant.
            "single": single,
            #: Whether a stage or a producer asks the session for it; every other setting is the process's.
            "session": session,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting; the environment name of each is its own in capitals. Durations are in s."""

    partial_results_enabled: bool = _setting(True, "commit words before the recogniser's final result", session=True)
    min_stability_threshold: float = _setting(
        0.85, "share of stable words that a committed prefix needs", low=0.70, high=0.95, session=True
    )
    max_buffer_timeout: float = _setting(
        3.0, "longest that stable words wait for a boundary to commit at", low=2, high=10, unit="s", session=True
    )
    pause_threshold: float = _setting(
        2.0, "audio without a new hypothesis that commits", low=0.5, high=10, unit="s", session=True
    )
    orphan_timeout: float = _setting(
        15.0,
        "audio without a new hypothesis after which all of an utterance is committed",
        low=5,
        high=50,
        unit="s",
        session=True,
    )
    max_rate_per_second: float = _setting(5.0, "partial results processed a second", low=1, high=100, session=True)
    max_buffered_speech: float = _setting(10.0, "longest uncommitted speech", low=2, high=30, unit="s", session=True)
    dedup_cache_ttl: float = _setting(
        10.0, "how long a text counts as said just now", low=1, high=300, unit="s", session=True
    )
    max_hold: float = _setting(60.0, "longest time a stage holds an input", low=10, high=600, unit="s", session=True)
    speech_max_lag: float = _setting(
        30.0, "speech further behind the speaker is not spoken; 0 speaks all", low=0, high=3600, unit="s", session=True
    )
    idle_timeout: float = _setting(
        300.0, "a session without frames for so long ends", low=60, high=7200, unit="s", session=True
    )
    start_timeout: float = _setting(
        3600.0, "a new session that nobody speaks on for so long ends", low=60, high=604_800, unit="s", session=True
    )
    max_session_length: float = _setting(
        7200.0, "longest session, in audio time", low=60, high=86_400, unit="s", session=True
    )
    max_park: float = _setting(
        600.0,
        "longest that anything waits for a stream or store that refuses it; MAX_HOLD at least",
        low=60,
        high=3600,
        unit="s",
    )
    translation_cache: bool = _setting(True, "keep translations to use them again", session=True)
    translation_cache_size: int = _setting(10_000, "translations kept in memory", low=1, high=1_000_000)
    transcribe_stabilisation: str = _setting(
        "high",
        "how soon Amazon Transcribe marks words stable: high is soonest",
        choices=("high", "medium", "low", "off"),
        session=True,
    )
    transcribe_vocabulary: str = _setting("", "custom vocabulary of Amazon Transcribe", session=True)
    transcribe_vocabulary_filter: str = _setting("", "vocabulary filter of Amazon Transcribe", session=True)
    transcribe_vocabulary_filter_method: str = _setting(
        "mask", "what becomes of the words that it names", choices=("mask", "remove", "tag"), session=True
    )
    transcribe_language_options: str = _setting(
        "", "language codes, such as en-US,es-US, among which Amazon Transcribe finds the one spoken", session=True
    )
    transcribe_speaker_labels: bool = _setting(False, "tell speakers apart, with Amazon Transcribe", session=True)
    translate_terminology: str = _setting("", "terminology of Amazon Translate", single=True, session=True)
    translate_profanity: str = _setting(
        "keep", "what Amazon Translate does with profane words", choices=("keep", "mask"), session=True
    )
    translate_formality: str = _setting(
        "default",
        "how Amazon Translate addresses a listener",
        choices=("default", "formal", "informal"),
        session=True,
    )
    translate_session_characters: int = _setting(
        2_000_000,
        "characters of one session that an engine paid by them may translate; 0 for no cap",
        low=0,
        high=1_000_000_000,
        session=True,
    )
    outage_buffer: float = _setting(
        30.0, "audio a producer keeps while the stream is out", low=1, high=600, unit="s", session=True
    )
    translate_day_characters: int = _setting(
        20_000_000,
        "characters a day (UTC) that an engine paid by them may translate; 0 for no cap",
        low=0,
        high=1_000_000_000,
    )
    streams: str = _setting("memory", "where the streams are: memory (this process alone) or kinesis")
    stream_prefix: str = _setting("audio-transcription", "what the names of the Kinesis streams begin with")
    table_prefix: str = _setting("", "what the names of the DynamoDB tables begin with")
    worker_read_interval: float = _setting(
        0.4,
        "time between two reads of a Kinesis shard by a worker; all its readers share 5 a second",
        low=0.25,
        high=10,
        unit="s",
    )
    sink_read_interval: float = _setting(
        0.5, "time between two reads of a Kinesis shard by a sink", low=0.25, high=10, unit="s"
    )
    kcl_retrieval: str = _setting(
        "polling", "how KCL workers read: in turns, or by enhanced fan-out", choices=("polling", "fanout")
    )
    kcl_initial_position: str = _setting(
        "trim_horizon", "where KCL workers begin on a stream for the first time", choices=("trim_horizon", "latest")
    )
    kcl_failover_time: float = _setting(
        2.0, "time after which another KCL worker takes a lease that was not renewed", low=1, high=300, unit="s"
    )
    kcl_mode: str = _setting(
        "2x", "leases as KCL 2 (fast takeover) or KCL 3 (graceful handoff) keeps them", choices=("2x", "3x")
    )
    recogniser: str = _setting("moonshine", "engine of transcribe, such as aws or scripted:PATH")
    translator: str = _setting("apertium", "engine of translate, such as aws")
    synthesizer: str = _setting("espeak", "engine of synthesize, such as polly")
    transcribe_language_codes: str = _setting(
        "", "what Amazon Transcribe takes a source language for, such as en=en-GB,pt=pt-BR"
    )
    polly_voices: str = _setting("", "neural voices of Amazon Polly by language, such as es=Lucia,ca=Arlet")
    metrics_address: str = _setting(
        "127.0.0.1", "address that metrics, and a KCL worker's health, are served on; 0.0.0.0 for all"
    )
    metrics_port: int = _setting(0, "port that Prometheus scrapes on this host; 0 for none", low=0, high=65_535)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, *, only: Iterable[str] | None = None) -> Settings:
        """The settings that `environ` gives, defaults for the rest; raises SettingError.

        With `only` no other names are looked at: what a client does not use may be anything, such as the METRICS_PORT
        that Kubernetes sets for a service of that name.
        """
        names = _COLUMNS if only is None else only
        return cls().override({name: environ[name] for name in names if environ.get(name)})

    def override(self, values: Mapping[str, str]) -> Settings:
        """These settings with `values` (by environment name) in place; raises SettingError."""
        changes: dict[str, Any] = {}
        for name, value in values.items():
            column = _COLUMNS.get(name)
            if column is None:
                raise SettingError(f"{name}: there is no such setting; `llt config show` lists them")
            changes[column.name] = _parse(name, value, column.type, column.metadata)
        settings = replace(self, **changes)
        if settings.max_park < settings.max_hold:
            raise SettingError(
                f"MAX_PARK={settings.max_park:g}: expected at least MAX_HOLD, which is {settings.max_hold:g} s"
            )
        return settings

    def tolerate(self, values: Mapping[str, str], refused: Callable[[SettingError], None] = lambda _: None) -> Settings:
        """These settings with those of `values` in place that are valid: one that is not costs no session its audio.

        `refused` is told of each that is not.
        """
        settings = self
        for name, value in values.items():
            try:
                settings = settings.override({name: value})
            except SettingError as error:
                refused(error)
        return settings

    def describe(self) -> Iterator[tuple[str, str, str, str]]:
        """Environment name, value, range and help of every setting."""
        for column in fields(self):
            value = getattr(self, column.name)
            yield (
                column.name.upper(),
                str(value).lower()
                if isinstance(value, bool)
                else f"{value:g}"
                if isinstance(value, float)
                else str(value),
                _range(column.type, column.metadata),
                column.metadata["help"],
            )


_COLUMNS = {column.name.upper(): column for column in fields(Settings)}
#: The names of the settings that one session may have of its own.
OF_A_SESSION = frozenset(name for name, column in _COLUMNS.items() if column.metadata["session"])
_NUMBERS: Mapping[Any, Callable[[str], float]] = {"float": float, "int": int}


def _parse(name: str, value: str, kind: Any, metadata: Mapping[str, Any]) -> Any:
    text = value.strip()
    if kind == "bool":
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
    elif kind == "str":
        choices = metadata["choices"]
        if text and (not choices or text.lower() in choices) and not (metadata["single"] and "," in text):
            return text.lower() if choices else text
    else:
        try:
            number = _NUMBERS[kind](text)
        except ValueError:
            pass
        else:
            if metadata["low"] <= number <= metadata["high"]:
                return number
    raise SettingError(f"{name}={value}: expected {_range(kind, metadata)}")


def _range(kind: Any, metadata: Mapping[str, Any]) -> str:
    if kind == "bool":
        return "true or false"
    if kind == "str":
        return "one name" if metadata["single"] else " or ".join(metadata["choices"]) or "text"
    # Ten digits, so that a million is not written 1e+06.
    return f"{metadata['low']:.10g}-{metadata['high']:.10g} {metadata['unit']}".rstrip()
