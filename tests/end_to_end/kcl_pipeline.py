"""A KCL worker a stage, and the audience of one session after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.end_to_end.deployment import Deployment
from tests.end_to_end.excerpt import Excerpt
from tests.end_to_end.kcl_worker import STAGES, Worker, waits
from tests.end_to_end.listener_output import assert_delivered_once, in_mid_sentence, words
from tests.support.measured import measured


class KclPipeline:
    """The workers, and the audience of one session after the other."""

    def __init__(self, desk: Deployment, folder: Path, applications: Sequence[str] = STAGES) -> None:
        self.desk = desk
        self.folder = folder
        self.workers = {stages: Worker(desk, stages) for stages in applications}
        #: The longest wait for a caption where nothing happened, in s; None until somebody has measured it.
        self.undisturbed: float | None = None
        self._letters: set[str] = set()

    def until_serving(self) -> None:
        """Every worker has its shard."""
        for worker in self.workers.values():
            worker.up().until_serving()

    def replace(self, stage: str, by: Worker | None = None) -> None:
        """Another worker of the stage takes its place."""
        self.workers[stage] = by or Worker(self.desk, stage)

    def stop(self) -> None:
        """Every worker drains, and ends well."""
        for worker in self.workers.values():
            assert worker.terminate() == 0, worker.terminal.complaints

    def speak(self, session: str, spoken: Excerpt, disturb: Callable[[], None], letters: Sequence[str] = ()) -> None:
        """Speaks, has `disturb` called in mid-sentence, and holds what listeners got against what was said.

        Fails where a dead letter is added, but for one of each stage in `letters`.
        """
        self.until_serving()
        source = self.desk.listen(session)
        spanish = self.desk.listen(session, "es", "--captions", "--audio", str(self.folder / f"{session}.wav"))
        speaker = self.desk.speak(session, spoken.file)
        source.until(lambda listener: in_mid_sentence(listener, captions=1))
        disturb()
        assert speaker.ended() == 0, speaker.complaints
        assert source.ended() == 0, source.complaints
        assert spanish.ended() == 0, spanish.complaints
        assert assert_delivered_once(source) == assert_delivered_once(spanish)
        assert words(source) == spoken.words
        self.assert_letters(letters)
        compared = "" if self.undisturbed is None else f" ({self.undisturbed:.1f} s undisturbed)"
        measured(
            f"{session}: a caption came at most {max(waits(source)):.1f} s behind the speaker{compared}; "
            f"Spanish {max(waits(spanish)):.1f} s"
        )

    def assert_letters(self, stages: Sequence[str] = ()) -> None:
        """The dead letters added since this was last asked are of these stages, one each."""
        added = {letter["id"]: letter["stage"] for letter in self.letters() if letter["id"] not in self._letters}
        self._letters |= added.keys()
        assert sorted(added.values()) == sorted(stages)

    def letters(self) -> list[dict[str, str]]:
        """`llt dead-letters list`."""
        listed: list[dict[str, str]] = json.loads(self.desk.run("dead-letters", "list", "--json"))
        return listed
