"""The beginning of the demo's recording as a file of its own, and what comes of it where nothing happens."""

from __future__ import annotations

import wave
from pathlib import Path

from processors.transcribe.engines.script import Script
from shared.text import normalise
from tests.end_to_end.pipeline_run import DEMO, RECORDING


class Excerpt:
    """The first so many seconds of the recording, and a recogniser of which every word is known beforehand.

    It says at once what Moonshine ended up with. Moonshine itself is restless, so that what it thought better of
    stands where results come so late that unstable words are committed: on a busy machine, or behind a takeover,
    another word or two at another time. Of what this one says only the cuts between segments depend on when it
    comes, and the marks and capitals with them.
    """

    def __init__(self, seconds: float, folder: Path) -> None:
        self.file = excerpt(seconds, folder)
        finals = [result for result in Script.load(DEMO / "recording.moonshine.jsonl").results if result.final]
        said = [word for final in finals for word in final.items]
        #: What must be committed whatever happens meanwhile, without capitals and punctuation: as a recogniser, this
        #: one hears a word of which it was fed the greater part.
        self.words = normalise(" ".join(word.text for word in said if word.midpoint < seconds * 1000))
        script = folder / "steady.jsonl"
        Script.from_words(said, pause=300, partial_every=500, final_after=300).save(script)
        #: The setting RECOGNISER.
        self.recogniser = f"scripted:{script}"


def excerpt(seconds: float, folder: Path) -> Path:
    """The beginning of the demo's recording as a file of its own."""
    short = folder / f"first-{seconds:g}.wav"
    with wave.open(str(RECORDING)) as whole, wave.open(str(short), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(round(seconds * whole.getframerate())))
    return short
