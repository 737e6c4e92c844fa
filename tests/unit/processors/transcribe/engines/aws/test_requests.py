from __future__ import annotations

import logging

import pytest

from processors.transcribe.engines.aws.request import StreamRequest
from shared.errors import SettingError, UnsupportedLanguage
from tests.unit.processors.transcribe.engines.aws.fake_transcribe import AwsEngineHarness

pytestmark = pytest.mark.hermetic


async def asked(harness: AwsEngineHarness, language: str = "en", **settings: str) -> StreamRequest:
    take, _ = await harness.open(language, **settings)
    await take.close()
    return harness.client.requests[-1]


async def test_a_session_is_heard_in_its_language_with_results_stabilised() -> None:
    assert await asked(AwsEngineHarness(), "es") == StreamRequest(rate=16000, language="es-ES", stability="high")


async def test_a_session_has_settings_of_its_own() -> None:
    harness = AwsEngineHarness(transcribe_stabilisation="low", transcribe_vocabulary="terms")
    own = {
        "TRANSCRIBE_STABILISATION": "off",
        "TRANSCRIBE_VOCABULARY_FILTER": "curses",
        "TRANSCRIBE_VOCABULARY_FILTER_METHOD": "remove",
        "TRANSCRIBE_SPEAKER_LABELS": "true",
    }
    assert await asked(harness, **own) == StreamRequest(
        rate=16000,
        language="en-US",
        vocabularies=("terms",),
        vocabulary_filters=("curses",),
        filter_method="remove",
        speaker_labels=True,
    )
    assert await asked(harness) == StreamRequest(rate=16000, language="en-US", stability="low", vocabularies=("terms",))


async def test_the_language_is_found_among_options_of_which_the_sessions_own_is_likeliest() -> None:
    request = await asked(AwsEngineHarness(transcribe_language_options="fr-CA, en-GB"))
    assert (request.language, request.options, request.preferred) == (None, ("fr-CA", "en-GB"), "en-GB")


@pytest.mark.parametrize("options", ["en-US", "en-US,en-GB", "en-US,Spanish", "en,es"])
async def test_options_that_make_no_sense_are_refused_and_cost_a_session_that_has_them_nothing(
    options: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingError, match=r"TRANSCRIBE_LANGUAGE_OPTIONS=.*two language codes or more"):
        AwsEngineHarness(transcribe_language_options=options)
    with caplog.at_level(logging.WARNING):
        others = {"TRANSCRIBE_VOCABULARY_FILTER": "curses", "TRANSCRIBE_SPEAKER_LABELS": "true"}
        request = await asked(AwsEngineHarness(), TRANSCRIBE_LANGUAGE_OPTIONS=options, **others)
    assert (request.language, request.options) == ("en-US", ())
    assert (request.vocabulary_filters, request.speaker_labels) == (("curses",), True)
    assert "session talk goes without a setting of its own: TRANSCRIBE_LANGUAGE_OPTIONS" in caplog.text


@pytest.mark.parametrize("name", ["TRANSCRIBE_VOCABULARY", "TRANSCRIBE_VOCABULARY_FILTER"])
async def test_a_language_takes_one_vocabulary_and_one_filter(name: str, caplog: pytest.LogCaptureFixture) -> None:
    both = {name.lower(): "english,spanish"}
    with pytest.raises(SettingError, match=rf"{name}=english,spanish: expected one name where .* is empty, got 2"):
        AwsEngineHarness(**both)
    with caplog.at_level(logging.WARNING):
        assert await asked(AwsEngineHarness(), **{name: "english,spanish"}) == await asked(AwsEngineHarness())
    assert f"session talk goes without a setting of its own: {name}" in caplog.text
    request = await asked(AwsEngineHarness(transcribe_language_options="en-US,es-US", **both))
    assert ("english", "spanish") in (request.vocabularies, request.vocabulary_filters)


async def test_the_table_of_languages_can_be_changed_and_added_to() -> None:
    harness = AwsEngineHarness(transcribe_language_codes="en=en-GB,nb=no-NO")
    assert (await asked(harness)).language == "en-GB"
    assert (await asked(harness, "nb")).language == "no-NO"
    assert {"en", "es", "nb", "zh"} <= harness.engine.languages()


@pytest.mark.parametrize("codes", ["en", "en=english", "EN=en-US", "en=en-US,es"])
def test_a_table_that_cannot_be_read_is_refused(codes: str) -> None:
    with pytest.raises(SettingError, match=r"TRANSCRIBE_LANGUAGE_CODES=.*expected language=code"):
        AwsEngineHarness(transcribe_language_codes=codes)


async def test_a_language_that_transcribe_does_not_hear_is_refused() -> None:
    with pytest.raises(UnsupportedLanguage, match="does not hear eo"):
        await AwsEngineHarness().open("eo")
