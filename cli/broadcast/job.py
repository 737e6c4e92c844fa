"""What `llt demo` and `llt transcribe-file` share: checks before anything starts, the run, and the report."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import orjson

from cli.broadcast.broadcast import Broadcast, Outcome
from cli.broadcast.outputs import Outputs
from cli.broadcast.view import View
from cli.metrics import exported
from cli.options import SOURCE, languages
from cli.preflight import RecordingWarnings, check_length
from processors.engines.engines import Engines
from producers.sources import RecordingSource
from shared.clean import clean
from shared.errors import EngineUnavailable, LowLatencyTranslateError
from shared.metrics import MemoryMetrics, Metric
from shared.settings import Settings
from sinks.files.output import writing


class CameOutEmpty(LowLatencyTranslateError):
    """Nothing was heard in a recording, or nothing came in one of its languages."""


class Job:
    """A recording, the languages it goes to, and the folder for what comes of it.

    Raises, before anything starts, AudioFormatError for a file that is none, SettingError for one that is
    longer than a session may be and for languages that are none, UnsupportedLanguage for those that cannot be served,
    and SinkError for a folder that cannot be written.
    """

    def __init__(self, file: Path, to: str, out: Path, *, realtime: bool) -> None:
        self.source = SOURCE
        self.targets = languages(to)
        self.wav = RecordingSource(file, realtime=realtime)
        self.settings = Settings.load()
        check_length(self.wav, self.settings)
        self._realtime = realtime
        self._engines = Engines.load(self.settings)
        self._engines.check(SOURCE, self.targets)
        self._warnings = RecordingWarnings(self.wav)
        self._warnings.emit()
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

        Raises EngineUnavailable where audio was given up, and CameOutEmpty where nothing came of it all or in one of
        the languages.
        """
        broadcast = Broadcast(self.wav, self.targets, self._engines, self._outputs, view, realtime=self._realtime)
        self.outcome = broadcast.outcome
        with self._outputs:
            try:
                asyncio.run(broadcast.run(self.settings, exported(self._memory, self.settings)))
            finally:
                self._warnings.emit()
                self._write_report()
        if lost := self._memory.total(Metric.AUDIO_LOST):
            raise EngineUnavailable(f"no recogniser heard {lost / 1000:.1f} s of {self._name}; the log says why")
        self._check_came()
        return self.outcome

    def _check_came(self) -> None:
        outcome = self.outcome
        if not outcome.captions[self.source]:
            why = "it is silent" if outcome.quiet else f"no words of {self.source} could be told in it"
            raise CameOutEmpty(f"nothing was heard in {self._name}, {outcome.sent:.1f} s long: {why}")
        for counts, what in ((outcome.captions, "captions"), (outcome.clips, "speech")):
            if empty := [language for language in self.targets if not counts[language]]:
                kind = "captions" if what == "captions" else "clips"
                left_out = (key for key in sorted(outcome.left_out) if key.startswith(kind) and key.split()[1] in empty)
                reasons = ", ".join(f"{outcome.left_out[key]} {key}" for key in left_out) or "the log may say why"
                raise CameOutEmpty(f"no {what} came in {', '.join(empty)} of {self._name}: {reasons}")

    @property
    def _name(self) -> str:
        return Path(self.wav.name).name

    @property
    def _report(self) -> Path:
        return self._outputs.folder / "report.json"

    def _write_report(self) -> None:
        outcome = self.outcome
        report = {
            "input": clean(self._name),
            "duration_s": round(outcome.sent if self.wav.duration is None else self.wav.duration, 3),
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
