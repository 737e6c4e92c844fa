"""A KCL worker a stage, and the listeners of one session after the other."""

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
    """The workers, and the listeners of one session after the other."""

    def __init__(self, deployment: Deployment, folder: Path, applications: Sequence[str] = STAGES) -> None:
        self.deployment = deployment
        self.folder = folder
        self.workers = {stages: Worker(deployment, stages) for stages in applications}
        #: The longest wait for a caption where nothing happened, in s; None until somebody has measured it.
        self.undisturbed: float | None = None
        self._known_dead_letters: set[str] = set()

    def until_serving(self) -> None:
        """Every worker has its shard."""
        for worker in self.workers.values():
            worker.up().until_serving()

    def replace(self, stage: str, by: Worker | None = None) -> None:
        """Another worker of the stage takes its place."""
        self.workers[stage] = by or Worker(self.deployment, stage)

    def stop(self) -> None:
        """Every worker drains, and ends well."""
        for worker in self.workers.values():
            assert worker.terminate() == 0, worker.llt.stderr

    def speak(
        self, session: str, spoken: Excerpt, disturb: Callable[[], None], dead_letters: Sequence[str] = ()
    ) -> None:
        """Speaks, has `disturb` called in mid-sentence, and holds what listeners got against what was said.

        Fails where a dead letter is added, but for one of each stage in `dead_letters`.
        """
        self.until_serving()
        source = self.deployment.listen(session)
        spanish = self.deployment.listen(session, "es", "--captions", "--audio", str(self.folder / f"{session}.wav"))
        speaker = self.deployment.speak(session, spoken.file)
        source.until(lambda listener: in_mid_sentence(listener, captions=1))
        disturb()
        assert speaker.ended() == 0, speaker.stderr
        assert source.ended() == 0, source.stderr
        assert spanish.ended() == 0, spanish.stderr
        assert assert_delivered_once(source) == assert_delivered_once(spanish)
        assert words(source) == spoken.words
        self.assert_dead_letters(dead_letters)
        compared = "" if self.undisturbed is None else f" ({self.undisturbed:.1f} s undisturbed)"
        measured(
            f"{session}: a caption came at most {max(waits(source)):.1f} s behind the speaker{compared}; "
            f"Spanish {max(waits(spanish)):.1f} s"
        )

    def assert_dead_letters(self, stages: Sequence[str] = ()) -> None:
        """The dead letters added since this was last asked are of these stages, one each."""
        added = {
            letter["id"]: letter["stage"]
            for letter in self.dead_letters()
            if letter["id"] not in self._known_dead_letters
        }
        self._known_dead_letters |= added.keys()
        assert sorted(added.values()) == sorted(stages)

    def dead_letters(self) -> list[dict[str, str]]:
        """`llt dead-letters list`."""
        listed: list[dict[str, str]] = json.loads(self.deployment.run("dead-letters", "list", "--json"))
        return listed
