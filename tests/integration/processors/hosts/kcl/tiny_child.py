"""The smallest child: it writes down every record that it gets, beats, and checkpoints each batch.

What it does goes as JSON lines to the file CHILD_LOG names. A record `hang` stops the process, `die` ends it, and
`mend` ends it with a word for the operator; after `die later` it ends where it is to drain, and after `give up` it ends
badly after that. The first child that finds no file where HANG_ONCE says makes it, and hangs
before it beats.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

protocol = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)

from amazon_kclpy import kcl  # noqa: E402
from amazon_kclpy.v3 import processor  # noqa: E402

from cli import logs  # noqa: E402


def note(**what: Any) -> None:
    with open(os.environ["CHILD_LOG"], "a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.time(), "pid": os.getpid(), **what}) + "\n")


class Tiny(processor.RecordProcessorBase):  # type: ignore[misc]
    shard = ""
    released: str | None = None
    behind = None
    last = ""
    beating: threading.Thread | None = None

    def __init__(self) -> None:
        self.closed = threading.Event()

    def initialize(self, given: Any) -> None:
        self.shard = given.shard_id
        once = Path(os.environ.get("HANG_ONCE") or __file__)
        if not once.exists():
            note(event="hanging")
            once.touch()
            signal.pause()
        note(event="started", shard=self.shard)
        logging.getLogger("processors.tiny").warning(
            'begins with "quotes" and \\', extra={"from": given.sequence_number}
        )
        self.beating = threading.Thread(target=self.beat, daemon=True)
        self.beating.start()

    def close(self) -> None:
        """A last word is the last: no beat comes behind it."""
        self.closed.set()
        if self.beating is not None:
            self.beating.join()

    def beat(self) -> None:
        beating = True
        while beating:
            beat = {"pid": os.getpid(), "shard": self.shard, "low_water": self.released, "blocked": False}
            sys.stderr.write(json.dumps({"heartbeat": {**beat, "behind_ms": self.behind}}) + "\n")
            beating = not self.closed.wait(0.5)

    def process_records(self, given: Any) -> None:
        self.behind = given.millis_behind_latest
        for record in given.records:
            text = record.binary_data.decode()
            note(event="record", shard=self.shard, text=text)
            self.last = text
            if text == "hang":
                os.kill(os.getpid(), signal.SIGSTOP)
            if text == "die":
                os._exit(3)
            if text == "mend":
                sys.stderr.write(json.dumps({"setup": "RECOGNISER=none: choose one"}) + "\n")
                os._exit(1)
            self.released = record.sequence_number
        if given.records:
            given.checkpointer.checkpoint(self.released)

    def lease_lost(self, given: Any) -> None:
        note(event="lost", shard=self.shard)

    def shard_ended(self, given: Any) -> None:
        given.checkpointer.checkpoint()
        note(event="ended", shard=self.shard)

    def shutdown_requested(self, given: Any) -> None:
        note(event="shutdown", shard=self.shard)
        if self.last == "die later":
            os._exit(3)
        if self.released:
            given.checkpointer.checkpoint(self.released)


if __name__ == "__main__":
    logs.configure()
    print("this is no JSON", file=sys.stderr)
    tiny = Tiny()
    kcl.KCLProcess(tiny, output_file=protocol).run()
    if tiny.last == "give up":
        sys.exit(1)
    tiny.close()
    sys.stderr.write(json.dumps({"done": os.getpid()}) + "\n")
