"""One translation a segment and wanted language, in order, whatever any other language does."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from processors.contract import Closing
from processors.translate.cache import MemoryTranslationCache
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.stage import TranslateStage
from shared.errors import SessionUnknown
from shared.metrics import Metric
from shared.models import Correction, PartialResult, Status, Translation, Word
from tests.support.virtual_time import EPOCH, run
from tests.unit.processors.translate.translate_harness import END, TranslateHarness, run_scenario, segment

pytestmark = pytest.mark.hermetic

OK = Status.OK


def correction(revision: int, first: int = 1, **fields: Any) -> Correction:
    base: dict[str, Any] = {"last": 2, "text": "For 25 dollars.", "number_wrong": True}
    return Correction(session="talk", captured_at=EPOCH, first=first, revision=revision, **base | fields)


def test_a_segment_becomes_one_translation_a_language() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), segment(2), every=1)
        assert harness.translated("es") == [(1, OK, "[es] Sentence 1."), (2, OK, "[es] Sentence 2.")]
        assert harness.translated("ca") == [(1, OK, "[ca] Sentence 1."), (2, OK, "[ca] Sentence 2.")]
        assert harness.context.emitted[0] == Translation(
            session="talk",
            captured_at=EPOCH + 1,
            hops={"dedup": 7},
            number=1,
            language="es",
            text="[es] Sentence 1.",
            start=1000,
            end=1800,
        )
        assert harness.acked == [1, 2]

    run_scenario(scenario)


def test_a_language_is_left_out_while_nobody_wants_it() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1))
        await harness.store.configure("talk", wanted=["ca"])
        await harness.until(6)
        await harness.send(segment(2), every=1)
        await harness.store.configure("talk", wanted=["ca", "es"])
        await harness.until(12)
        await harness.send(segment(3), every=1)
        first, third = (1, OK, "[es] Sentence 1."), (3, OK, "[es] Sentence 3.")
        assert harness.translated("es") == [first, (2, Status.UNWANTED, ""), third]
        assert harness.statuses("ca") == [(1, OK), (2, OK), (3, OK)]
        assert harness.acked == [1, 2, 3]

    run_scenario(scenario)


def test_what_is_wanted_counts_from_the_first_segment_on() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.store.configure("talk", wanted=[])
        await harness.close()
        await harness.restart()
        await harness.send(segment(1), every=1)
        assert harness.statuses("es") == harness.statuses("ca") == [(1, Status.UNWANTED)]

    run_scenario(scenario)


def test_a_duplicate_is_skipped() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, " ", status=Status.DUPLICATE), every=1)
        assert harness.translated("es") == [(1, Status.SKIPPED, "")]
        assert list(harness.engine.requests) == []
        assert harness.acked == [1]

    run_scenario(scenario)


def test_the_source_language_passes_as_it_is() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), every=1)
        assert harness.translated("en") == [(1, OK, "Sentence 1.")]
        assert harness.translated("es") == [(1, OK, "[es] Sentence 1.")]

    run_scenario(scenario, TranslateHarness(("en", "es")))


def test_numbers_that_were_seen_or_are_in_progress_are_dropped_and_counted() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 5
        await harness.send(segment(7), segment(7), segment(8))
        await harness.until(11)
        await harness.send(segment(7), segment(8), every=6)
        assert harness.statuses("es") == harness.statuses("ca") == [(7, OK), (8, OK)]
        assert harness.context.metrics.total(Metric.REPLAYED_RECORDS, stage="translate") == 3
        assert sorted(harness.acked) == [7, 7, 7, 8, 8]

    run_scenario(scenario)


def test_a_correction_of_words_alone_is_not_translated() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(correction(1, number_wrong=False), every=1)
        assert harness.context.emitted == []
        assert harness.context.acked == [correction(1, number_wrong=False)]

    run_scenario(scenario)


def test_where_a_number_was_wrong_every_language_is_corrected_behind_its_translations() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 5
        await harness.send(segment(1), segment(2), correction(1), END)
        await harness.until(6)
        assert harness.corrected("ca") == [(1, 2, 1, "[ca] For 25 dollars.")]
        assert harness.context.acked == [segment(1)]
        await harness.until(16)
        assert [type(record).__name__ for record in harness.context.emitted if record.key == "talk/es"] == [
            "Translation",
            "Translation",
            "TranslationCorrection",
            "SessionEnded",
        ]
        assert harness.corrected("es") == [(1, 2, 1, "[es] For 25 dollars.")]
        assert harness.context.acked == [segment(1), segment(2), correction(1), END]

    run_scenario(scenario)


def test_a_correction_is_translated_from_the_language_that_it_is_in() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(correction(1), correction(2, language="fr"), every=1)
        assert [source for _, source, target in harness.engine.requests if target == "es"] == ["en", "fr"]
        assert harness.corrected("en") == [(1, 2, 1, "For 25 dollars."), (1, 2, 2, "[en] For 25 dollars.")]

    run_scenario(scenario, TranslateHarness(("en", "es")))


def test_of_corrections_of_one_range_only_a_higher_revision_is_translated() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(correction(2), correction(1), correction(2), correction(3), correction(1, first=2), every=1)
        assert [(first, revision) for first, _, revision, _ in harness.corrected("es")] == [(1, 2), (1, 3), (2, 1)]
        assert harness.context.metrics.total(Metric.REPLAYED_RECORDS, stage="translate") == 2
        assert len(harness.context.acked) == 5

    run_scenario(scenario)


def test_a_correction_that_cannot_be_translated_leaves_what_was_said() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.broken.add("es")
        await harness.send(correction(1), every=61)
        assert harness.corrected("es") == []
        assert len(harness.corrected("ca")) == len(harness.dead_letters) == 1
        assert harness.context.acked == [correction(1)]
        await harness.store.configure("talk", wanted=["es"])
        await harness.until(68)
        await harness.send(correction(2), every=3)
        assert len(harness.corrected("ca")) == 1

    run_scenario(scenario)


def test_each_language_ends_behind_its_own_last_translation() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 10
        await harness.send(segment(1), END)
        await harness.until(5)
        assert harness.context.emitted[-1] == replace(END, language="ca")
        assert harness.context.acked == []
        await harness.until(11)
        assert harness.context.emitted[-1] == replace(END, language="es")
        assert [type(record).__name__ for record in harness.context.emitted] == ["Translation", "SessionEnded"] * 2
        assert harness.context.acked == [segment(1), END]

    run_scenario(scenario)


def test_a_session_without_target_languages_holds_nothing() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1), END)
        assert harness.context.acked == [segment(1), END]
        assert harness.context.emitted == []

    run_scenario(scenario, TranslateHarness(()))


def test_a_second_use_comes_from_the_cache() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, "Good night."), segment(2, " Good  night."), every=1)
        assert harness.translated("es")[:2] == [(1, OK, "[es] Good night."), (2, OK, "[es] Good night.")]
        assert len([text for text, _, target in harness.engine.requests if target == "es" and "night" in text]) == 1
        assert harness.context.metrics.observations(Metric.CACHE_HIT_RATE, stage="translate") == [0, 0, 100, 100]
        assert harness.context.metrics.level(Metric.CACHE_SIZE, stage="translate") == 2

    run_scenario(scenario)


def test_a_session_that_asks_for_no_cache_leaves_nothing_in_it() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, "Good night."), segment(2, "Good night."), every=1)
        assert len(harness.engine.requests) == 4
        assert harness.cache.size == 0
        assert harness.context.metrics.observations(Metric.CACHE_HIT_RATE) == []

    run_scenario(scenario, TranslateHarness(TRANSLATION_CACHE="false"))


def test_at_a_shards_end_it_finishes_all_it_holds() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 3
        harness.engine.failures["ca"] = 3
        await harness.send(segment(1), segment(2), END)
        await harness.close(Closing.SHARD_END)
        assert harness.statuses("es") == harness.statuses("ca") == [(1, OK), (2, OK)]
        assert harness.context.acked == [segment(1), segment(2), END]

    run_scenario(scenario)


def test_at_a_shutdown_what_is_not_finished_stays_for_the_next_owner() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        harness.engine.delay["es"] = 3
        await harness.send(segment(1), segment(2))
        await harness.until(4)
        await harness.close(Closing.SHUTDOWN)
        assert harness.acked == [1]
        assert asyncio.get_running_loop().time() == 4
        await harness.restart()
        await harness.send(segment(2), every=4)
        assert harness.statuses("es") == harness.statuses("ca") == [(2, OK)]
        assert harness.acked == [2]

    run_scenario(scenario)


def test_a_session_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SessionUnknown):
        run(TranslateHarness().restart())


def test_a_record_that_does_not_belong_here_is_named() -> None:
    async def scenario(harness: TranslateHarness) -> None:
        stray = PartialResult(
            session="talk", captured_at=EPOCH, take=1, utterance=1, start=0, end=1, position=1, items=()
        )
        with pytest.raises(TypeError, match="expected a Segment, Correction or SessionEnded, got PartialResult"):
            await harness.send(stray)

    run_scenario(scenario)


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

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, words=said), segment(2), every=1)
        assert [(t.language, t.number, t.speaker) for t in harness.context.emitted if isinstance(t, Translation)] == [
            ("es", 1, "spk_1"),
            ("ca", 1, "spk_1"),
            ("es", 2, None),
            ("ca", 2, None),
        ]

    run_scenario(scenario)


def test_what_another_engine_made_is_not_served() -> None:
    other = ScriptedTranslator()
    other.name = "other"
    other.translations["Good night.", "es"] = "Buenas noches."

    async def scenario(harness: TranslateHarness) -> None:
        await harness.send(segment(1, "Good night."), every=1)
        assert harness.translated("es") == [(1, OK, "[es] Good night.")]
        await harness.with_engine(other).restart()
        await harness.send(segment(2, "Good night."), every=1)
        assert harness.translated("es") == [(2, OK, "Buenas noches.")]

    run_scenario(scenario, TranslateHarness(("es",)))
