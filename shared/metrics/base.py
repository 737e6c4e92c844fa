"""The metrics facade and the names of all metrics, as CloudWatch shows them."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Metric(StrEnum):
    """A metric's name; latencies are in ms. Labels carry ids, never what was said."""

    PARTIAL_RESULT_PROCESSING_LATENCY = "PartialResultProcessingLatency"
    PARTIAL_RESULTS_RECEIVED = "PartialResultsReceived"
    PARTIAL_RESULTS_SUPERSEDED = "PartialResultsSuperseded"
    PARTIAL_RESULTS_DROPPED = "PartialResultsDropped"
    ORPHANED_RESULTS_FLUSHED = "OrphanedResultsFlushed"
    RESULTS_CONTRADICTED = "ResultsContradicted"
    DUPLICATES_DETECTED = "DuplicatesDetected"
    REPLAYED_RECORDS = "ReplayedRecords"
    CACHE_SIZE = "CacheSize"
    CACHE_HIT_RATE = "CacheHitRate"
    #: Characters that an engine was paid for, and segments that a cap on them left untranslated.
    TRANSLATED_CHARACTERS = "TranslatedCharacters"
    SPEND_REFUSED = "SpendRefused"
    #: Uncommitted speech held by stability, in s.
    BUFFERED_SPEECH = "BufferedSpeech"
    SEAMS = "Seams"
    #: 0 for each record that a stage finished, 100 for each that failed: its mean is a percentage.
    ERROR_RATE = "ErrorRate"
    STAGE_LATENCY = "StageLatency"
    TRANSIT_LATENCY = "TransitLatency"
    #: From capture to the first audio sent.
    END_TO_END_LATENCY = "EndToEndLatency"
    CAPTION_LATENCY = "CaptionLatency"
    CAPTURE_TO_INGEST_LATENCY = "CaptureToIngestLatency"
    CLOCK_SKEW_DETECTED = "ClockSkewDetected"
    UNKNOWN_RECORDS = "UnknownRecords"
    UNREADABLE_RECORDS = "UnreadableRecords"
    DEAD_LETTERS = "DeadLetters"
    REFUSED_FRAMES = "RefusedFrames"
    #: Audio that was filled with silence, that no recogniser took, and in which none heard a word though it was
    #: loud, in ms.
    GAPS_FILLED = "GapsFilled"
    AUDIO_LOST = "AudioLost"
    AUDIO_GIVEN_UP_AS_NOISE = "AudioGivenUpAsNoise"
    TAKES_OPENED = "TakesOpened"
    RECOGNISER_DROPS = "RecogniserDrops"
    SPEECH_LAG = "SpeechLag"
    SPEECH_SKIPPED = "SpeechSkipped"
    OPEN_OPERATORS = "OpenOperators"
    CLAIMS_REFUSED = "ClaimsRefused"
    FENCED = "Fenced"
    #: Ends of a session that a worker said which had lost it: nobody was cut off.
    STALE_ENDS = "StaleEnds"
    #: Bytes held by keys of which a stream or the store refuses something.
    PARKED_BYTES = "ParkedBytes"
    #: How long ago the oldest input came that a stage has not released, in s.
    LOW_WATER_AGE = "LowWaterAge"
    #: Audio that a producer keeps because the stream has not taken it yet, in s.
    UNSENT_AUDIO = "UnsentAudio"
    PUBLISHES_REFUSED = "PublishesRefused"
    #: Audio that a producer refused in a long outage, in ms.
    AUDIO_REFUSED = "AudioRefused"
    #: Ends of a KCL worker's daemon that nobody asked for.
    WORKER_RESTARTS = "WorkerRestarts"


#: The levels that are ages: of several processes the greatest counts.
AGES = frozenset({Metric.LOW_WATER_AGE})


class Metrics(Protocol):
    """Takes counts, levels and observations; `labels` say of what."""

    def count(self, name: Metric, value: float = 1, **labels: str) -> None:
        """Adds `value` to a counter."""

    def gauge(self, name: Metric, value: float, **labels: str) -> None:
        """Sets a level."""

    def observe(self, name: Metric, value: float, **labels: str) -> None:
        """Adds an observation to a distribution."""
