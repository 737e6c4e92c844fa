"""What `llt demo` and `llt transcribe-file` share: checks before anything starts, the run, and the report."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from math import ceil
from pathlib import Path

import orjson

from cli.broadcast.broadcast import Broadcast, Outcome
from cli.broadcast.outputs import Outputs
from cli.broadcast.view import View
from cli.metrics import exported
from cli.options import SOURCE, languages
from cli.pipeline import Engines
from cli.recording import tell_cut_short
from producers.sources.wav import WavSource
from shared.clean import clean
from shared.errors import EngineUnavailable, SettingError
from shared.metrics import MemoryMetrics, Metric
from shared.settings import Settings
from sinks.files.output import writing


class Job:
    """A WAV file, the languages it goes to, and the folder for what comes of it.

    Raises, before anything starts, AudioFormatError for a file that is no WAV, SettingError for one that is
    longer than a session may be and for languages that are none, UnsupportedLanguage for those that cannot be served,
    and SinkError for a folder that cannot be written.
    """

    def __init__(self, file: Path, to: str, out: Path, *, realtime: bool) -> None:
        self.file = file
        self.source = SOURCE
        self.targets = languages(to)
        self.wav = WavSource(file, realtime=realtime)
        self.settings = Settings.load()
        longest = self.settings.max_session_length
        if (length := ceil(self.wav.duration)) > longest:
            raise SettingError(
                f"MAX_SESSION_LENGTH={longest:g}: expected at least {length} s, which {file} lasts; set it higher, or "
                "cut the recording"
            )
        self._realtime = realtime
        self._engines = Engines.load(self.settings)
        self._engines.check(SOURCE, self.targets)
        tell_cut_short(file, self.wav)
        self._outputs = Outputs(out, SOURCE, self.targets)
        self._memory = MemoryMetrics()
        self.outcome = Outcome()

    @property
    def files(self) -> list[Path]:
        """What it wrote."""
        return [*self._outputs.files, self._report]

    @property
    def left_over(self) -> list[Path]:
        """What an earlier run for other languages left in the folder."""
        return self._outputs.left_over()

    def run(self, view: View) -> Outcome:
        """Runs it; Ctrl-C ends it early and raises KeyboardInterrupt. The files are whole either way.

        Raises EngineUnavailable where audio was given up.
        """
        broadcast = Broadcast(self.wav, self.targets, self._engines, self._outputs, view, realtime=self._realtime)
        self.outcome = broadcast.outcome
        with self._outputs:
            try:
                asyncio.run(broadcast.run(self.settings, exported(self._memory, self.settings)))
            finally:
                self._write_report()
        if lost := self._memory.total(Metric.AUDIO_LOST):
            raise EngineUnavailable(f"no recogniser heard {lost / 1000:.1f} s of {self.file.name}; the log says why")
        return self.outcome

    @property
    def _report(self) -> Path:
        return self._outputs.folder / "report.json"

    def _write_report(self) -> None:
        outcome = self.outcome
        report = {
            "input": clean(self.file.name),
            "duration_s": round(self.wav.duration, 3),
            "sent_s": round(outcome.sent, 3),
            "complete": outcome.complete and not self.wav.missing,
            "captions": outcome.captions,
            "clips": outcome.clips,
            "left_out": outcome.left_out,
            "latencies_ms": {name: asdict(p) for name, p in outcome.latencies.percentiles().items()},
            "counters": [
                {"name": name, "labels": labels, "value": value} for name, labels, value in self._memory.counters()
            ],
        }
        with writing(self._report):
            self._report.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
