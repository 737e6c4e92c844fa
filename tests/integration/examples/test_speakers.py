"""The speakers of the SDK's page, on streams in LocalStack."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from tests.integration.examples.program import run, started
from tests.integration.examples.talk import talk_on_localstack

pytestmark = [pytest.mark.system, pytest.mark.long]

on_localstack = pytest.mark.usefixtures("aws_environment")
#: A second and a half.
PCM = bytes(range(240)) * 200


@on_localstack
async def test_a_recording_is_spoken_and_the_session_ends_behind_it(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "talk.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(PCM)
    async with talk_on_localstack() as talk:
        done = await asyncio.to_thread(run, "speaker", "talk", str(tmp_path / "talk.wav"), environment=talk.environment)
        assert done == (0, "", "")
        frames, end = await talk.heard()
        assert b"".join(frame.payload for frame in frames) == PCM
        assert end.session == "talk"
        session = await talk.backend.store.load("talk")
        assert (session.source_language, session.target_languages) == ("en", ("es", "ca"))


@on_localstack
async def test_raw_audio_is_spoken_from_a_pipe_without_an_event_loop(tmp_path: Path) -> None:
    (tmp_path / "talk.raw").write_bytes(PCM)
    async with talk_on_localstack() as talk:
        with (
            (tmp_path / "talk.raw").open("rb") as audio,
            started("blocking_speaker", "talk", environment=talk.environment, stdin=audio) as program,
        ):
            assert await asyncio.to_thread(program.end) == (0, "", "")
        frames, _ = await talk.heard()
        assert b"".join(frame.payload for frame in frames) == PCM


def test_a_recording_that_cannot_be_read_is_told_in_one_line_before_anything_else_is_looked_for() -> None:
    nowhere = {"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": ""}
    code, out, err = run("speaker", "talk", "none.wav", environment=nowhere)
    assert (code, out, err) == (
        1,
        "",
        "speaker: none.wav: expected a readable WAV file: No such file or directory\n",
    )
