"""One translation a segment and wanted language, in order, whatever any other language does."""

import asyncio
from typing import Any

import pytest

from processors.contract import Closing
from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.stage import TranslateStage
from shared.errors import SessionUnknown
from shared.metrics import Metric
from shared.models import Correction, PartialResult, SessionEnded, Status, Translation, Word
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.translate.translate_harness import END, TranslateHarness, run_scenario, segment

OK = Status.OK


def correction(revision: int, first: int = 1, **fields: Any) -> Correction:
    base: dict[str, Any] = {"last": 2, "text": "For 25 dollars.", "number_wrong": True}
    return Correction(session="talk", captured_at=EPOCH, first=first, revision=revision, **base | fields)


def test_a_segment_becomes_one_translation_a_language() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1), segment(2), every=1)
        assert talk.said("es") == [(1, OK, "[es] Sentence 1."), (2, OK, "[es] Sentence 2.")]
        assert talk.said("ca") == [(1, OK, "[ca] Sentence 1."), (2, OK, "[ca] Sentence 2.")]
        assert talk.bench.emitted[0] == Translation(
            session="talk",
            captured_at=EPOCH + 1,
            hops={"dedup": 7},
            number=1,
            language="es",
            text="[es] Sentence 1.",
            start=1000,
            end=1800,
        )
        assert talk.released == [1, 2]

    run_scenario(scene)


def test_a_language_is_left_out_while_nobody_wants_it() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1))
        await talk.store.configure("talk", wanted=["ca"])
        await talk.until(6)
        await talk.send(segment(2), every=1)
        await talk.store.configure("talk", wanted=["ca", "es"])
        await talk.until(12)
        await talk.send(segment(3), every=1)
        assert talk.said("es") == [(1, OK, "[es] Sentence 1."), (2, Status.UNWANTED, ""), (3, OK, "[es] Sentence 3.")]
        assert talk.statuses("ca") == [(1, OK), (2, OK), (3, OK)]
        assert talk.released == [1, 2, 3]

    run_scenario(scene)


def test_what_is_wanted_counts_from_the_first_segment_on() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.store.configure("talk", wanted=[])
        await talk.close()
        await talk.restart()
        await talk.send(segment(1), every=1)
        assert talk.statuses("es") == talk.statuses("ca") == [(1, Status.UNWANTED)]

    run_scenario(scene)


def test_a_duplicate_is_skipped() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1, " ", status=Status.DUPLICATE), every=1)
        assert talk.said("es") == [(1, Status.SKIPPED, "")]
        assert list(talk.engine.requests) == []
        assert talk.released == [1]

    run_scenario(scene)


def test_the_source_language_passes_as_it_is() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1), every=1)
        assert talk.said("en") == [(1, OK, "Sentence 1.")]
        assert talk.said("es") == [(1, OK, "[es] Sentence 1.")]

    run_scenario(scene, TranslateHarness(("en", "es")))


def test_numbers_that_were_seen_or_are_in_progress_are_dropped_and_counted() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 5
        await talk.send(segment(7), segment(7), segment(8))
        await talk.until(11)
        await talk.send(segment(7), segment(8), every=6)
        assert talk.statuses("es") == talk.statuses("ca") == [(7, OK), (8, OK)]
        assert talk.bench.metrics.total(Metric.REPLAYED_RECORDS, stage="translate") == 3
        assert sorted(talk.released) == [7, 7, 7, 8, 8]

    run_scenario(scene)


def test_a_correction_of_words_alone_is_not_translated() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(correction(1, number_wrong=False), every=1)
        assert talk.bench.emitted == []
        assert talk.bench.released == [correction(1, number_wrong=False)]

    run_scenario(scene)


def test_where_a_number_was_wrong_every_language_is_corrected_behind_its_translations() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 5
        await talk.send(segment(1), segment(2), correction(1), END)
        await talk.until(6)
        assert talk.corrected("ca") == [(1, 2, 1, "[ca] For 25 dollars.")]
        assert talk.bench.released == [segment(1)]
        await talk.until(16)
        assert [type(record).__name__ for record in talk.bench.emitted if record.key == "talk/es"] == [
            "Translation",
            "Translation",
            "TranslationCorrection",
            "SessionEnded",
        ]
        assert talk.corrected("es") == [(1, 2, 1, "[es] For 25 dollars.")]
        assert talk.bench.released == [segment(1), segment(2), correction(1), END]

    run_scenario(scene)


def test_a_correction_is_translated_from_the_language_that_it_is_in() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(correction(1), correction(2, language="fr"), every=1)
        assert [source for _, source, target in talk.engine.requests if target == "es"] == ["en", "fr"]
        assert talk.corrected("en") == [(1, 2, 1, "For 25 dollars."), (1, 2, 2, "[en] For 25 dollars.")]

    run_scenario(scene, TranslateHarness(("en", "es")))


def test_of_corrections_of_one_range_only_a_higher_revision_is_translated() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(correction(2), correction(1), correction(2), correction(3), correction(1, first=2), every=1)
        assert [(first, revision) for first, _, revision, _ in talk.corrected("es")] == [(1, 2), (1, 3), (2, 1)]
        assert talk.bench.metrics.total(Metric.REPLAYED_RECORDS, stage="translate") == 2
        assert len(talk.bench.released) == 5

    run_scenario(scene)


def test_a_correction_that_cannot_be_translated_leaves_what_was_said() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.broken.add("es")
        await talk.send(correction(1), every=61)
        assert talk.corrected("es") == []
        assert len(talk.corrected("ca")) == len(talk.letters) == 1
        assert talk.bench.released == [correction(1)]
        await talk.store.configure("talk", wanted=["es"])
        await talk.until(68)
        await talk.send(correction(2), every=3)
        assert len(talk.corrected("ca")) == 1

    run_scenario(scene)


def test_each_language_ends_behind_its_own_last_translation() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 10
        await talk.send(segment(1), END)
        await talk.until(5)
        ca_end = SessionEnded(session="talk", captured_at=EPOCH, language="ca", reason="over")
        assert talk.bench.emitted[-1] == ca_end
        assert talk.bench.released == []
        await talk.until(11)
        assert talk.bench.emitted[-1] == SessionEnded(session="talk", captured_at=EPOCH, language="es", reason="over")
        assert [type(record).__name__ for record in talk.bench.emitted] == ["Translation", "SessionEnded"] * 2
        assert talk.bench.released == [segment(1), END]

    run_scenario(scene)


def test_a_session_without_target_languages_holds_nothing() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1), END)
        assert talk.bench.released == [segment(1), END]
        assert talk.bench.emitted == []

    run_scenario(scene, TranslateHarness(()))


def test_a_second_use_comes_from_the_cache() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1, "Good night."), segment(2, " Good  night."), every=1)
        assert talk.said("es")[:2] == [(1, OK, "[es] Good night."), (2, OK, "[es] Good night.")]
        assert len([text for text, _, target in talk.engine.requests if target == "es" and "night" in text]) == 1
        assert talk.bench.metrics.observations(Metric.CACHE_HIT_RATE, stage="translate") == [0, 0, 100, 100]
        assert talk.bench.metrics.level(Metric.CACHE_SIZE, stage="translate") == 2

    run_scenario(scene)


def test_a_session_that_asks_for_no_cache_leaves_nothing_in_it() -> None:
    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1, "Good night."), segment(2, "Good night."), every=1)
        assert len(talk.engine.requests) == 4
        assert talk.cache.size == 0
        assert talk.bench.metrics.observations(Metric.CACHE_HIT_RATE) == []

    run_scenario(scene, TranslateHarness(TRANSLATION_CACHE="false"))


def test_at_a_shards_end_it_finishes_all_it_holds() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 3
        talk.engine.failures["ca"] = 3
        await talk.send(segment(1), segment(2), END)
        await talk.close(Closing.SHARD_END)
        assert talk.statuses("es") == talk.statuses("ca") == [(1, OK), (2, OK)]
        assert talk.bench.released == [segment(1), segment(2), END]

    run_scenario(scene)


def test_at_a_shutdown_what_is_not_finished_stays_for_the_next_owner() -> None:
    async def scene(talk: TranslateHarness) -> None:
        talk.engine.delay["es"] = 3
        await talk.send(segment(1), segment(2))
        await talk.until(4)
        await talk.close(Closing.SHUTDOWN)
        assert talk.released == [1]
        assert asyncio.get_running_loop().time() == 4
        await talk.restart()
        await talk.send(segment(2), every=4)
        assert talk.statuses("es") == talk.statuses("ca") == [(2, OK)]
        assert talk.released == [2]

    run_scenario(scene)


def test_a_session_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SessionUnknown):
        run(TranslateHarness().restart())


def test_a_record_that_does_not_belong_here_is_named() -> None:
    async def scene(talk: TranslateHarness) -> None:
        stray = PartialResult(
            session="talk", captured_at=EPOCH, take=1, utterance=1, start=0, end=1, position=1, items=()
        )
        with pytest.raises(TypeError, match="expected a Segment, Correction or SessionEnded, got PartialResult"):
            await talk.send(stray)

    run_scenario(scene)


def test_the_engine_is_closed_with_the_stage() -> None:
    class Closable(ScriptedTranslator):
        closed = False

        async def close(self) -> None:
            self.closed = True

    engine = Closable()
    run(TranslateStage(engine, MemoryTranslationCache(1)).close())
    assert engine.closed


def test_a_translation_names_who_said_most_of_its_segment() -> None:
    said = tuple(Word(str(n), n, n + 1, speaker=speaker) for n, speaker in enumerate(["spk_1", "spk_0", "spk_1"]))

    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1, words=said), segment(2), every=1)
        assert [(t.language, t.number, t.speaker) for t in talk.bench.emitted if isinstance(t, Translation)] == [
            ("es", 1, "spk_1"),
            ("ca", 1, "spk_1"),
            ("es", 2, None),
            ("ca", 2, None),
        ]

    run_scenario(scene)


def test_what_another_engine_made_is_not_served() -> None:
    other = ScriptedTranslator()
    other.name = "other"
    other.translations["Good night.", "es"] = "Buenas noches."

    async def scene(talk: TranslateHarness) -> None:
        await talk.send(segment(1, "Good night."), every=1)
        assert talk.said("es") == [(1, OK, "[es] Good night.")]
        await talk.speaks(other).restart()
        await talk.send(segment(2, "Good night."), every=1)
        assert talk.said("es") == [(2, OK, "Buenas noches.")]

    run_scenario(scene, TranslateHarness(("es",)))
