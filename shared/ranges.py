"""What a record's fields may be: their ranges, which the codec keeps. Valid records are bounded by them, not sane."""

from __future__ import annotations

#: The greatest whole number: every JSON reader takes it exactly.
MAX = 2**53 - 1
#: The latest audio time (ms): 366 days.
LATEST = 366 * 86_400_000
#: The most words and marks of a result or a segment: several times what is said in the longest utterance.
MAX_WORDS = 500
#: Characters of a name (a word, a language, a speaker, a stage, ...) and of any other text: no record is longer.
LONGEST_NAME = 8192
LONGEST_TEXT = 1 << 20
#: The most stages that a record's `hops` name.
MAX_HOPS = 64
#: The slowest and the fastest tempo, as multiples of the usual one.
SLOWEST, FASTEST = 0.1, 10.0

#: The fields that are audio times, by name; every other whole number is 0 to MAX.
AUDIO_TIMES = frozenset({"start", "end", "position"})
#: The fields that are texts, by name; every other string is a name.
TEXTS = frozenset({"text", "error", "reason"})
