"""The metrics facade, and the names of all metrics."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, Self


class Metric(StrEnum):
    """A metric's name, as CloudWatch shows it, and its `help`. Labels carry ids, never what was said."""

    help: str

    def __new__(cls, name: str, help: str) -> Self:
        metric = str.__new__(cls, name)
        metric._value_ = name
        metric.help = help
        return metric

    PARTIAL_RESULT_PROCESSING_LATENCY = (
        "PartialResultProcessingLatency",
        "From the receipt of a partial result to the decision on it, in ms.",
    )
    PARTIAL_RESULTS_RECEIVED = ("PartialResultsReceived", "Partial results that stability received.")
    PARTIAL_RESULTS_SUPERSEDED = (
        "PartialResultsSuperseded",
        "Partial results that were not processed since a newer one was.",
    )
    PARTIAL_RESULTS_DROPPED = ("PartialResultsDropped", "Partial results that were lost for good.")
    ORPHANED_RESULTS_FLUSHED = (
        "OrphanedResultsFlushed",
        "Utterances that were committed since nothing came of them for ORPHAN_TIMEOUT.",
    )
    RESULTS_CONTRADICTED = ("ResultsContradicted", "Final results that differ from what was committed before them.")
    DUPLICATES_DETECTED = ("DuplicatesDetected", "Segments that dedup stopped as duplicates.")
    REPLAYED_RECORDS = ("ReplayedRecords", "Records that were seen again because of a replay.")
    CACHE_SIZE = ("CacheSize", "Entries of the cache of a stage.")
    CACHE_HIT_RATE = (
        "CacheHitRate",
        "100 for each look-up that the cache answered, 0 for each other: the mean is a percentage.",
    )
    TRANSLATED_CHARACTERS = ("TranslatedCharacters", "Characters that a translation engine is paid for.")
    SPEND_REFUSED = ("SpendRefused", "Segments that a cap on characters left untranslated.")
    BUFFERED_SPEECH = ("BufferedSpeech", "Uncommitted speech that stability holds, in s.")
    SEAMS = ("Seams", "Utterances whose words were joined to what an earlier take had committed.")
    ERROR_RATE = (
        "ErrorRate",
        "100 for each record that failed in a stage, 0 for each that it finished: the mean is a percentage.",
    )
    STAGE_LATENCY = (
        "StageLatency",
        "From the receipt of a record to the publication of what a stage makes of it, in ms.",
    )
    TRANSIT_LATENCY = ("TransitLatency", "From the publication of a record to its receipt by the next stage, in ms.")
    END_TO_END_LATENCY = (
        "EndToEndLatency",
        "From the capture of the audio to the first audio of its translation, in ms.",
    )
    CAPTION_LATENCY = ("CaptionLatency", "From the capture of the audio to its caption at a subscriber, in ms.")
    CAPTURE_TO_INGEST_LATENCY = (
        "CaptureToIngestLatency",
        "From the capture of the audio, by the client's clock, to its arrival on the stream, in ms.",
    )
    CLOCK_SKEW_DETECTED = ("ClockSkewDetected", "Records that came before they were captured: two clocks differ.")
    UNKNOWN_RECORDS = ("UnknownRecords", "Records of a kind that this version does not know, which were skipped.")
    UNREADABLE_RECORDS = ("UnreadableRecords", "Records that a sink could not decode, which were skipped.")
    DEAD_LETTERS = ("DeadLetters", "Records and spans of audio that a stage gave up and put on the dead-letter queue.")
    REFUSED_FRAMES = ("RefusedFrames", "Frames of sessions that do not exist or have ended.")
    GAPS_FILLED = ("GapsFilled", "Audio that never came and was filled with silence, in ms.")
    AUDIO_LOST = ("AudioLost", "Audio that no recogniser took, in ms.")
    AUDIO_GIVEN_UP_AS_NOISE = ("AudioGivenUpAsNoise", "Loud audio in which no recogniser heard a word, in ms.")
    TAKES_OPENED = ("TakesOpened", "Recognition streams that were opened.")
    RECOGNISER_DROPS = ("RecogniserDrops", "Recognition streams that broke, or made no progress.")
    SPEECH_LAG = ("SpeechLag", "How far the speech of a language is behind the speaker, in ms.")
    SPEECH_SKIPPED = ("SpeechSkipped", "Clips that were not spoken since they were more than SPEECH_MAX_LAG behind.")
    OPEN_OPERATORS = ("OpenOperators", "Operators that are open in a stage.")
    CLAIMS_REFUSED = ("ClaimsRefused", "Claims of segments that another worker had made first.")
    FENCED = ("Fenced", "Operators that stopped since another worker has taken the session over.")
    STALE_ENDS = ("StaleEnds", "Ends of a session by a worker that had lost it: nobody was cut off.")
    PARKED_BYTES = ("ParkedBytes", "Bytes held by keys of which a stream or the store refuses something.")
    LOW_WATER_AGE = ("LowWaterAge", "Age of the oldest input that a stage has not acked, in s.")
    UNSENT_AUDIO = ("UnsentAudio", "Audio that a producer has queued and the stream has not taken, in s.")
    PUBLISHES_REFUSED = ("PublishesRefused", "Records that the stream refused to a producer.")
    AUDIO_REFUSED = ("AudioRefused", "Audio that a producer refused since its outage buffer was full, in ms.")
    WORKER_RESTARTS = ("WorkerRestarts", "Ends of a KCL worker's daemon that nobody asked for.")


#: The levels that are ages: of several processes the greatest counts.
AGES = frozenset({Metric.LOW_WATER_AGE})


class Metrics(Protocol):
    """Takes counters, gauges and observations; `labels` say of what."""

    def count(self, name: Metric, value: float = 1, **labels: str) -> None:
        """Adds `value` to a counter."""

    def gauge(self, name: Metric, value: float, **labels: str) -> None:
        """Sets a gauge."""

    def observe(self, name: Metric, value: float, **labels: str) -> None:
        """Adds an observation to a distribution."""
