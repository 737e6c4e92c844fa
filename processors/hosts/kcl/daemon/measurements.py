"""What a worker's processes have measured: a file a process and kind of metric, all in one folder."""

from __future__ import annotations

import logging
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from processors.hosts.kcl.daemon.processes import processes

log = logging.getLogger(__name__)

#: Levels, of which a process has those that it reported only while it lives; all other kinds only ever rise.
_LEVEL = "gauge_live"


class Measurements:
    """Those of every process that was started with PROMETHEUS_MULTIPROC_DIR set to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
        self._app = make_wsgi_app(registry)
        # What is being folded would be read twice or not at all.
        self._folding = threading.Lock()

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a scrape of Prometheus."""
        with self._folding:
            self._fold()
            answer: Iterable[bytes] = self._app(environ, start)
            return answer

    def fold(self) -> None:
        """Keeps what the processes that have ended counted, but none of their files."""
        with self._folding:
            self._fold()

    def _fold(self) -> None:
        files = list(self._folder.glob("*_[0-9]*.db"))
        # Looked at behind the files: whose file is there has begun.
        living = {process.pid for process in processes()}
        for file in files:
            kind, _, pid = file.stem.rpartition("_")
            if int(pid) not in living:
                if not kind.startswith(_LEVEL):
                    self._add(file, self._folder / f"{kind}_ended.db")
                file.unlink()

    def _add(self, file: Path, totals: Path) -> None:
        """Adds the values of one process to those of all that have ended."""
        try:
            counted = [(key, value) for key, value, *_ in MmapedDict.read_all_values_from_file(file)]  # type: ignore[no-untyped-call]
        except (struct.error, RuntimeError, UnicodeDecodeError):
            # It was killed before it had written anything.
            log.warning("%s cannot be read: what it counted is lost", file.name)
            return
        kept = MmapedDict(totals)  # type: ignore[no-untyped-call]
        try:
            for key, value in counted:
                before, _ = kept.read_value(key)  # type: ignore[no-untyped-call]
                kept.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
        finally:
            kept.close()  # type: ignore[no-untyped-call]
