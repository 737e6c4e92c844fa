"""What a reader of the streams makes of them: each number's first record, as every sink takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from shared.models import Record, Segment, SessionEnded, Speech, Translation
from shared.streams import StreamName
from tests.conformance.simulated_cluster import SimulatedCluster, Talk

Numbered = TypeVar("Numbered", Segment, Translation, Speech)


class SessionOutput:
    """What reached the ends of the pipeline for one talk."""

    def __init__(
        self, talk: Talk, segments: Sequence[Record], translations: Sequence[Record], speech: Sequence[Record]
    ):
        self.talk = talk
        self.segments = _first([s for s in segments if isinstance(s, Segment) and s.session == talk.id])
        self.translations = {
            language: _first(
                [t for t in translations if isinstance(t, Translation) and _is(t, talk.id, language)],
            )
            for language in talk.languages
        }
        self.clips = {
            language: _first([s for s in speech if isinstance(s, Speech) and _is(s, talk.id, language) and s.last])
            for language in talk.languages
        }
        ends = [r for r in (*segments, *translations, *speech) if isinstance(r, SessionEnded) and r.session == talk.id]
        #: The languages in which the session has ended, None for its source.
        self.ended = {end.language for end in ends}

    @property
    def words(self) -> list[str]:
        """The committed words."""
        return [word.text for segment in self.segments for word in segment.words if not word.is_punctuation]

    def assert_whole(self, said: Sequence[str]) -> None:
        """Exactly these words, each number once everywhere, and the session's end."""
        assert self.words == list(said)
        self.assert_dense()
        self.assert_ended()

    def assert_dense(self) -> None:
        """One segment, one translation and one clip a number and language, in order and none missing."""
        numbers = list(range(1, len(self.segments) + 1))
        assert [segment.number for segment in self.segments] == numbers
        for language in self.talk.languages:
            assert [translation.number for translation in self.translations[language]] == numbers
            assert [clip.number for clip in self.clips[language]] == numbers

    def assert_ended(self) -> None:
        """The session's end reached every language."""
        assert self.ended == {None, *self.talk.languages}


async def session_output(cluster: SimulatedCluster, talk: Talk) -> SessionOutput:
    """What of the talk is on the streams."""
    segments = await cluster.read(StreamName.UNIQUE_SEGMENTS)
    translations = await cluster.read(StreamName.TRANSLATIONS)
    return SessionOutput(talk, segments, translations, await cluster.read(StreamName.SPEECH))


def _is(record: Translation | Speech, session: str, language: str) -> bool:
    return record.session == session and record.language == language


def _first(records: Sequence[Numbered]) -> list[Numbered]:
    """The records whose number is above all before it."""
    taken: list[Numbered] = []
    for record in records:
        if not taken or record.number > taken[-1].number:
            taken.append(record)
    return taken
