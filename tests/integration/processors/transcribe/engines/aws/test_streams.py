"""The engine on the SDK and the wire, with an emulated Transcribe at its other end."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from awscrt.http import HttpClientConnection
from botocore.credentials import ReadOnlyCredentials

from emulators.certificates import Certificates
from emulators.faults import Fault, FaultKind, Faults
from emulators.transcribe import TranscribeLimits, TranscribeServer
from processors.transcribe.engines.aws import AwsEngine
from processors.transcribe.engines.aws.amazon_transcribe import AmazonTranscribe
from processors.transcribe.engines.aws.take import AwsTake
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from processors.transcribe.recogniser import Hypothesis
from shared.aws import Aws
from shared.errors import EngineUnavailable, SetupError, UnsupportedLanguage
from shared.models import Word
from shared.sessions import Session
from shared.settings import Settings
from tests.support.emulated_transcribe import SECRET, emulated, environment
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system

WORDS = [
    Word("Good", 200, 500, speaker="anna"),
    Word("morning", 500, 900, speaker="anna"),
    Word(".", 900, 900),
    Word("Good", 2200, 2500, speaker="ben"),
    Word("evening", 2500, 2900, speaker="ben"),
]
SCRIPT = Script.from_words(WORDS)
TALK = Session(id="talk", source_language="en", target_languages=("es",), started_at=0)


async def hear(take: AwsTake, seconds: float = 5.0) -> list[Hypothesis]:
    """Feeds silence, finishes, and returns what was heard; raises what the take raises."""
    async with asyncio.timeout(TIMEOUT):
        for _ in range(round(seconds * 10)):
            await take.feed(bytes(3200))
            await asyncio.sleep(0.01)
        await take.finish()
        try:
            return [hypothesis async for hypothesis in take]
        finally:
            await take.close()


async def test_what_the_service_says_is_heard_to_the_millisecond(tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path) as engine:
        heard = await hear(await engine.open(TALK, 0))
    expected = [
        replace(result, items=tuple(replace(word, speaker=None) for word in result.items)) for result in SCRIPT.results
    ]
    assert [(h.utterance, h.start, h.end, h.items, h.final) for h in heard] == [
        (h.utterance, h.start, h.end, h.items, h.final) for h in expected
    ]


async def test_speakers_and_the_language_are_told_where_they_are_asked_for(tmp_path: Path) -> None:
    settings = Settings(transcribe_speaker_labels=True, transcribe_language_options="es-US,en-GB")
    async with emulated(SCRIPT, tmp_path, settings=settings) as engine:
        finals = [result for result in await hear(await engine.open(TALK, 0)) if result.final]
    assert [[word.speaker for word in result.items] for result in finals] == [
        ["spk_0", "spk_0", None],
        ["spk_1", "spk_1"],
    ]
    assert {result.language for result in finals} == {"en"}


async def test_without_stabilisation_no_word_is_marked(tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, settings=Settings(transcribe_stabilisation="off")) as engine:
        heard = await hear(await engine.open(TALK, 0))
    assert {word.stable for result in heard for word in result.items} == {None}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (FaultKind.ABORT, "the stream broke"),
        (FaultKind.RESET, "RST_STREAM"),
        (FaultKind.SILENT_END, "before its audio had ended"),
        (FaultKind.THROTTLE, "throttled: LimitExceededException"),
    ],
)
async def test_a_stream_that_fails_in_mid_speech_says_how(kind: FaultKind, told: str, tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, Fault(kind, at=2000)) as engine:
        with pytest.raises(EngineUnavailable, match=told):
            await hear(await engine.open(TALK, 0))
        assert any(result.final for result in await hear(await engine.open(TALK, 0)))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (FaultKind.ABORT, "before it was answered: AWS_"),
        (FaultKind.RESET, "RST_STREAM"),
        # It is answered as if all were well.
        (FaultKind.SILENT_END, "before its audio had ended"),
        (FaultKind.NO_ANSWER, r"did not answer for 0\.5 s"),
        (FaultKind.THROTTLE, "throttled: LimitExceededException"),
    ],
)
async def test_a_stream_that_does_not_open_says_why(kind: FaultKind, told: str, tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, Fault(kind), opening=0.5) as engine:
        with pytest.raises(EngineUnavailable, match=told):
            await hear(await engine.open(TALK, 0))
        await hear(await engine.open(TALK, 0), 0.2)


async def test_an_opening_that_is_given_up_leaves_no_connection(tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, Fault(FaultKind.NO_ANSWER), limits=TranscribeLimits(streams=1)) as engine:
        opening = asyncio.create_task(engine.open(TALK, 0))
        async with asyncio.timeout(TIMEOUT):
            while engine.faults.waiting:  # noqa: ASYNC110 (the emulator tells nobody)
                await asyncio.sleep(0.01)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await hear(await engine.open(TALK, 0), 0.2)


async def test_one_that_is_given_up_before_its_connection_stands_closes_it_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Future[HttpClientConnection] = Future()

    class Slow:
        """Its connection stands, but nobody is told so yet."""

        made: Future[HttpClientConnection]

        @staticmethod
        def new(**parameters: Any) -> Future[HttpClientConnection]:
            Slow.made = HttpClientConnection.new(**parameters)
            return told

    monkeypatch.setattr("processors.transcribe.engines.aws.connection.HttpClientConnection", Slow)
    async with emulated(SCRIPT, tmp_path, Fault(FaultKind.NO_ANSWER), opening=2) as engine:
        with pytest.raises(EngineUnavailable, match="no connection"):
            await engine.open(TALK, 0)
        async with asyncio.timeout(TIMEOUT):
            connection = await asyncio.wrap_future(Slow.made)
            told.set_result(connection)
            await asyncio.wrap_future(connection.shutdown_future)
        assert engine.faults.waiting


async def test_more_streams_than_the_service_has_are_refused(tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, limits=TranscribeLimits(streams=1)) as engine:
        take = await engine.open(TALK, 0)
        with pytest.raises(EngineUnavailable, match="throttled: LimitExceededException"):
            await engine.open(TALK, 0)
        await take.close()


async def test_a_stream_without_audio_is_a_drop_that_says_so(tmp_path: Path) -> None:
    async with emulated(SCRIPT, tmp_path, limits=TranscribeLimits(idle=0.3)) as engine:
        take = await engine.open(TALK, 0)
        await take.feed(bytes(3200))
        with pytest.raises(EngineUnavailable, match="no new audio was received"):
            await anext(aiter(take))
        await take.close()


async def test_a_language_that_the_service_refuses_is_refused_for_ever(tmp_path: Path) -> None:
    settings = Settings(transcribe_language_codes="en=xx-XX")
    async with emulated(SCRIPT, tmp_path, settings=settings) as engine:
        with pytest.raises(UnsupportedLanguage, match="xx-XX"):
            await engine.open(TALK, 0)


class Deaf(ScriptedEngine):
    """Takes no audio."""

    async def open(self, session: Session, start: int) -> Any:
        take: Any = await super().open(session, start)
        take.feed = lambda _: asyncio.Event().wait()
        return take


async def test_a_connection_that_takes_no_audio_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = Certificates(tmp_path)
    async with TranscribeServer(Deaf(SCRIPT), certificates, Faults()) as server:
        for name, value in environment(server.endpoint, certificates.bundle).items():
            monkeypatch.setenv(name, value)
        engine = AwsEngine(Settings(), AmazonTranscribe(Aws(), sending=0.3))
        take = await engine.open(TALK, 0)
        with pytest.raises(EngineUnavailable, match=r"took no audio for 0\.3 s"):
            for _ in range(1000):
                await take.feed(bytes(3200))
        await engine.close()


async def test_authorities_of_ssl_cert_file_are_trusted_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)
    async with TranscribeServer(ScriptedEngine(SCRIPT), certificates, Faults()) as server:
        for name, value in environment(server.endpoint, certificates.bundle).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_CA_BUNDLE")
        distrustful = AwsEngine(Settings(), AmazonTranscribe(Aws(), opening=1.0))
        with pytest.raises(EngineUnavailable, match=r"no connection .* set AWS_CA_BUNDLE"):
            await distrustful.open(TALK, 0)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.bundle))
        trusting = AwsEngine(Settings())
        await hear(await trusting.open(TALK, 0), 0.2)
        await distrustful.close()
        await trusting.close()


async def test_a_stream_goes_on_with_the_credentials_that_it_opened_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, renewed = (
        ReadOnlyCredentials("first", SECRET, None),
        ReadOnlyCredentials("renewed", "another-secret-key", None),
    )
    given = iter([first])
    monkeypatch.setattr(Aws, "credentials", lambda _: next(given, renewed))
    async with emulated(SCRIPT, tmp_path) as engine:
        assert await hear(await engine.open(TALK, 0))
        with pytest.raises(EngineUnavailable, match="ignature"):
            await hear(await engine.open(TALK, 0))


async def test_no_secret_is_told_or_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with emulated(SCRIPT, tmp_path) as engine:
            await hear(await engine.open(TALK, 0))
            monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", wrong := "another-secret-key")
            monkeypatch.setitem(os.environ, "AWS_SESSION_TOKEN", token := "the-session-token")
            unwelcome = AwsEngine(Settings())
            with pytest.raises(EngineUnavailable) as refused:
                await hear(await unwelcome.open(TALK, 0))
            await unwelcome.close()
    # The emulator's own library writes down the headers that it reads.
    logged = [record.getMessage() for record in caplog.records if record.name.partition(".")[0] != "hpack"]
    told = f"{refused.value!r} {refused.value.__cause__!r} {logged}"
    assert "ignature" in str(refused.value)
    assert not any(secret in told for secret in (SECRET, wrong, token))


def test_an_endpoint_without_tls_and_a_bundle_that_is_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("http://localhost:4566", Path("/none/ca.pem")).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SetupError, match=r"expected an https endpoint.*localhost:4566.*TRANSCRIBE_STREAMING"):
        AwsEngine(Settings())
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "https://localhost:4566")
    with pytest.raises(SetupError, match=r"AWS_CA_BUNDLE=/none/ca\.pem: No such file"):
        AwsEngine(Settings())
