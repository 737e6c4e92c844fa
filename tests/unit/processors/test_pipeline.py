"""The pipeline as a library: what a program that embeds it sees."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from processors.backend import Backend, memory
from processors.engines.engines import Engines
from processors.pipeline import Pipeline
from processors.translate.engines.scripted import ScriptedTranslator
from producers import AudioProducer
from producers.sources import WavSource
from shared.codec import decode, encode
from shared.errors import ResourceMissing, SessionExists, SettingError, UnsupportedLanguage
from shared.models import Segment, Translation
from shared.sessions import Session
from shared.settings import Settings
from shared.streams import Entry, MemoryStream, Shard, ShardReader, Start, StreamName
from shared.streams.base import OLDEST
from shared.streams.follow import Follower
from sinks import AudioChunk, AudioSubscriber, Caption, CaptionSubscriber
from tests.support.refusing_stream import ALWAYS, RefusingStream
from tests.support.virtual_time import run

DEMO = Path(__file__).parents[3] / "cli" / "demo"
SCRIPTED = Settings(
    recogniser=f"scripted:{DEMO / 'recording.moonshine.jsonl'}", translator="scripted", synthesizer="scripted"
)


@pytest.mark.hermetic
def test_a_program_gets_captions_and_speech_of_a_recording() -> None:
    async def speak(pipeline: Pipeline, session: Session) -> None:
        async with AudioProducer(pipeline.audio, pipeline.store, session, live=False) as producer:
            await producer.stream(WavSource(DEMO / "recording.wav"))

    async def main() -> None:
        async with Pipeline(settings=SCRIPTED) as pipeline:
            session = await pipeline.create_session("talk", "en", ["es"], settings={"PARTIAL_RESULTS_ENABLED": "false"})
            async with (
                CaptionSubscriber(pipeline.streams, "talk", "es", store=pipeline.store) as captions,
                AudioSubscriber(pipeline.streams, "talk", "es", store=pipeline.store) as speech,
                asyncio.TaskGroup() as group,
            ):
                group.create_task(speak(pipeline, session))
                texts = [event.text async for event in captions if isinstance(event, Caption)]
                spoken = [event.number async for event in speech if isinstance(event, AudioChunk) and event.last]
        assert texts
        assert all(text.startswith("[es] ") for text in texts)
        assert spoken == list(range(1, len(texts) + 1))

    run(main())


@pytest.mark.hermetic
def test_some_stages_run_alone_and_load_no_engine_of_the_others() -> None:
    settings = replace(SCRIPTED, recogniser="none such", synthesizer="none such")

    async def main() -> None:
        async with Pipeline(settings=settings, stages=["translate"]) as pipeline:
            await pipeline.create_session("talk", "en", ["es"])
            segment = Segment(
                session="talk", captured_at=0, number=1, language="en", text="Good night.", start=0, end=900
            )
            await pipeline.streams[StreamName.UNIQUE_SEGMENTS].publish([Entry(segment.key, encode(segment))])
            translations = {StreamName.TRANSLATIONS: pipeline.streams[StreamName.TRANSLATIONS]}
            async with Follower(translations, OLDEST) as follower:
                record = decode((await follower.next()).item.data)
        assert isinstance(record, Translation)
        assert record.text == "[es] Good night."

    run(main())


@pytest.mark.hermetic
def test_it_runs_on_its_own_until_it_is_cancelled() -> None:
    async def main() -> None:
        backend = memory(SCRIPTED)
        await backend.store.create(Session(id="talk", source_language="en", target_languages=("es",)))
        running = asyncio.create_task(Pipeline(settings=SCRIPTED, backend=backend, stages=["dedup"]).run())
        segment = Segment(session="talk", captured_at=0, number=1, language="en", text="Once.", start=0, end=900)
        await backend.streams[StreamName.SEGMENTS].publish([Entry(segment.key, encode(segment))])
        unique = {StreamName.UNIQUE_SEGMENTS: backend.streams[StreamName.UNIQUE_SEGMENTS]}
        async with Follower(unique, OLDEST) as follower:
            record = decode((await follower.next()).item.data)
        assert isinstance(record, Segment)
        assert record.text == "Once."
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run(main())


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("stages", "got"), [(["listen"], "listen"), (["dedup", "dedup"], "dedup, dedup"), ([], "none")]
)
def test_stages_that_there_are_none_of_are_refused(stages: list[str], got: str) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match=rf"transcribe, stability, .*, each once, got {got}$"):
            Pipeline(settings=SCRIPTED, stages=stages)

    run(main())


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("source", "targets", "settings", "error", "told"),
    [
        ("en", ["tlh"], {}, UnsupportedLanguage, "target language tlh: from en"),
        ("en", ["es"], {"MAX_HOLD": "1"}, SettingError, "MAX_HOLD=1"),
        ("en", ["es"], {"METRICS_PORT": "1"}, SettingError, "session new: .*METRICS_PORT"),
        ("en", ["es"], {"NONE_SUCH": "1"}, SettingError, "NONE_SUCH"),
        ("en", "es", {}, SettingError, "session new: expected a list of target languages, got 'es'"),
    ],
)
def test_a_session_that_cannot_be_served_is_refused_and_not_there(
    source: str, targets: Sequence[str], settings: Mapping[str, str], error: type[Exception], told: str
) -> None:
    async def main() -> None:
        async with Pipeline(settings=SCRIPTED) as pipeline:
            with pytest.raises(error, match=told):
                await pipeline.create_session("new", source, targets, settings=settings)
            assert await pipeline.store.open_sessions() == []

    run(main())


@pytest.mark.hermetic
def test_an_id_is_taken_once() -> None:
    async def main() -> None:
        async with Pipeline(settings=SCRIPTED) as pipeline:
            session = await pipeline.create_session("talk", "en", ["es", "ca"], rate=8000)
            assert await pipeline.store.load("talk") == session
            with pytest.raises(SessionExists):
                await pipeline.create_session("talk", "en", ["es"])

    run(main())


class Gone(MemoryStream):
    """A stream that is deleted a minute after its reader has begun."""

    async def reader(self, shard: str, start: Start, *, retain: bool = False) -> ShardReader:
        await asyncio.sleep(60)
        raise ResourceMissing(f"there is no stream {self.name}")


class NeverThere(MemoryStream):
    async def shards(self) -> list[Shard]:
        raise ResourceMissing(f"there is no stream {self.name}")


def on(stream: MemoryStream) -> Backend:
    """A backend with this one as the stream of segments."""
    backend = memory(SCRIPTED)
    return replace(backend, streams={**backend.streams, StreamName.SEGMENTS: stream})


class ClosedTranslator(ScriptedTranslator):
    """Knows whether it was closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


@pytest.mark.hermetic
def test_cancelled_while_it_stops_it_waits_for_nothing_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        refusing = RefusingStream("translations")
        refusing.refuses = ALWAYS
        backend = memory(SCRIPTED)
        backend = replace(backend, streams={**backend.streams, StreamName.TRANSLATIONS: refusing})
        translator = ClosedTranslator()
        pipeline = Pipeline(Engines(SCRIPTED, translator=translator), SCRIPTED, backend=backend, stages=["translate"])
        running = asyncio.create_task(pipeline.run())
        await pipeline.create_session("talk", "en", ["es"])
        segment = Segment(session="talk", captured_at=0, number=1, language="en", text="Once.", start=0, end=900)
        await pipeline.streams[StreamName.UNIQUE_SEGMENTS].publish([Entry(segment.key, encode(segment))])
        await asyncio.sleep(1)
        # Its translation is refused: to stop would take 10 s.
        running.cancel()
        await asyncio.sleep(1)
        assert not running.done()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert translator.closed

    run(main())


@pytest.mark.hermetic
def test_where_the_host_fails_the_block_is_cancelled_and_the_failure_raised() -> None:
    async def main() -> None:
        cancelled = False
        with pytest.raises(ResourceMissing, match="there is no stream segments"):
            async with Pipeline(settings=SCRIPTED, backend=on(Gone("segments"))):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled = True
                    raise
        assert cancelled
        # The task itself goes on, as one that nobody has cancelled.
        async with asyncio.timeout(1):
            await asyncio.sleep(0.5)

    run(main())


@pytest.mark.hermetic
def test_a_stream_that_is_not_there_is_told_before_the_block_begins() -> None:
    async def main() -> None:
        with pytest.raises(ResourceMissing, match="there is no stream segments"):
            async with Pipeline(settings=SCRIPTED, backend=on(NeverThere("segments"))):
                pytest.fail("the block has begun")

    run(main())


@pytest.mark.hermetic
def test_what_the_block_raises_comes_through_as_it_is() -> None:
    async def main() -> None:
        cause = KeyError("cause")
        with pytest.raises(ValueError, match="of the block") as raised:
            async with Pipeline(settings=SCRIPTED):
                raise ValueError("of the block") from cause
        assert raised.value.__cause__ is cause

    run(main())


@pytest.mark.hermetic
def test_it_is_entered_once() -> None:
    async def main() -> None:
        pipeline = Pipeline(settings=SCRIPTED)
        async with pipeline:
            pass
        with pytest.raises(RuntimeError, match="expected a new pipeline, got one that was entered before"):
            async with pipeline:
                pytest.fail("the block has begun")

    run(main())


@pytest.mark.system
def test_to_import_it_imports_no_engine_no_boto3_and_nothing_of_a_terminal() -> None:
    program = "import sys, processors.pipeline; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)
    imported = set(done.stdout.split())
    assert "processors.pipeline" in imported
    assert not imported & {"boto3", "botocore", "typer", "rich", "cli", "prometheus_client", "aiohttp"}
    assert not imported & {"moonshine_voice", "pocketsphinx", "amazon_transcribe", "espeakng_loader"}
    engines = [name for name in imported if name.startswith("processors.") and ".engines." in name]
    assert not [name for name in engines if name.split(".")[1] in ("transcribe", "translate", "synthesize")]
