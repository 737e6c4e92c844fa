"""`llt speak`, `llt up` and `llt listen` in processes of their own, over Kinesis and DynamoDB."""

from __future__ import annotations

import json
import re
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from shared.text import normalise
from sinks import AudioChunk, Caption
from tests.end_to_end.deployment import Deployment, LltProcess
from tests.end_to_end.excerpt import Excerpt, excerpt
from tests.end_to_end.listener_output import assert_delivered_once, clip_bytes, in_mid_sentence, texts, words
from tests.end_to_end.pipeline_run import TARGETS, PipelineRun
from tests.support.localstack import records_on

pytestmark = [pytest.mark.system, pytest.mark.long]

#: What a late listener is told; the number of the last caption that it has missed.
MISSED = re.compile(r"\(missed: captions? (?:1-)?(\d+)\)")


@pytest.mark.alone
def test_three_terminals_do_what_the_demo_does(deployment: Deployment, in_memory: PipelineRun, tmp_path: Path) -> None:
    up = deployment.up()
    source = deployment.listen("talk")
    files = {language: tmp_path / f"{language}.wav" for language in TARGETS}
    listeners = {
        language: deployment.listen("talk", language, "--captions", "--audio", str(files[language]))
        for language in TARGETS
    }
    speaker = deployment.speak("talk")
    source.until(lambda listener: len(listener.of("caption")) >= 3)
    late = deployment.listen("talk", "es", "--vtt", str(tmp_path / "late.vtt"))
    assert speaker.ended() == 0, speaker.stderr
    assert "Sent 27.2 s to session talk (es, ca); it is ended." in speaker.stdout
    assert source.ended() == 0, source.stderr
    assert texts(source) == [segment.text for segment in in_memory.segments]
    assert source.of("tail")
    for language, listener in listeners.items():
        assert listener.ended() == 0, listener.stderr
        assert_delivered_once(listener)
        captions = [event for event in in_memory.captions[language] if isinstance(event, Caption)]
        assert texts(listener) == [caption.text for caption in captions]
        clips = [event for event in in_memory.speech[language] if isinstance(event, AudioChunk)]
        # Speech that falls behind is spoken a little faster, so that lengths depend on the machine too.
        assert clip_bytes(listener) == pytest.approx(
            {
                number: sum(len(chunk.payload) for chunk in chunks)
                for number, chunks in groupby(clips, key=lambda chunk: chunk.number)
            },
            rel=0.2,
        )
    assert late.ended() == 0, late.stderr
    assert texts(late)[-1] == texts(listeners["es"])[-1]
    assert (tmp_path / "late.vtt").read_text().startswith("WEBVTT")
    assert up.interrupt() == 0
    assert "Stopped." in up.stdout


def test_who_joins_late_is_told_what_was_missed(deployment: Deployment, tmp_path: Path) -> None:
    up = deployment.up()
    early = deployment.listen("talk", "es")
    speaker = deployment.speak("talk", excerpt(18, tmp_path), "--keep-open")
    early.until(lambda listener: len(listener.of("caption")) >= 5)
    late = deployment.llt("listen", "talk", "--language", "es", "--streams", "kinesis")
    late.until(lambda listener: MISSED.search(listener.stdout))
    # How many of those that came meanwhile it is shown, and how many it has missed, is up to the machine's pace.
    missed = int(MISSED.findall(late.stdout)[0])
    assert missed >= 2
    late.until(lambda listener: len(texts(early)) > missed and texts(early)[missed] in listener.stdout)
    assert texts(early)[0] not in late.stdout
    assert speaker.ended() == 0, speaker.stderr
    assert "it is open" in speaker.stdout
    shown = json.loads(deployment.run("sessions", "list", "--json"))
    assert [(session["id"], session["state"]) for session in shown] == [("talk", "open")]
    deployment.run("sessions", "end", "talk")
    assert late.ended() == 0, late.stderr
    assert early.ended() == 0, early.stderr
    assert "(session talk has ended)" in late.stdout
    assert json.loads(deployment.run("sessions", "show", "talk", "--json"))["state"] == "ended"
    refused = deployment.speak("talk", excerpt(1, tmp_path))
    assert refused.ended() == 1
    assert "session talk: expected an open session" in refused.stderr
    up.interrupt()


def test_a_worker_killed_in_mid_sentence_and_started_anew_says_everything_once(
    deployment: Deployment, tmp_path: Path
) -> None:
    spoken = Excerpt(20, tmp_path)
    deployment.environment["RECOGNISER"] = spoken.recogniser
    up = deployment.up()
    source = deployment.listen("talk")
    spanish = deployment.listen("talk", "es", "--captions", "--audio", str(tmp_path / "es.wav"))
    speaker = deployment.speak("talk", spoken.file)
    for committed in (1, 3):
        source.until(partial(in_mid_sentence, captions=committed))
        up.kill()
        up = deployment.up()
    assert speaker.ended() == 0, speaker.stderr
    assert source.ended() == 0, source.stderr
    assert spanish.ended() == 0, spanish.stderr
    assert_delivered_once(source)
    assert assert_delivered_once(spanish) == len(texts(source))
    assert words(source) == spoken.words


@pytest.mark.soak
def test_of_two_workers_on_one_session_only_one_decides(deployment: Deployment, observer: Any, tmp_path: Path) -> None:
    spoken = Excerpt(15, tmp_path)
    deployment.environment["RECOGNISER"] = spoken.recogniser
    ups = [deployment.up(), deployment.up()]
    spanish = deployment.listen("talk", "es", "--captions", "--audio", str(tmp_path / "es.wav"))
    speaker = deployment.speak("talk", spoken.file)
    assert speaker.ended() == 0, speaker.stderr
    assert spanish.ended() == 0, spanish.stderr
    assert_delivered_once(spanish)
    segments = _segments(observer, f"{deployment.prefix}-segments")
    said: dict[int, set[str]] = {}
    for segment in segments:
        said.setdefault(segment["number"], set()).add(segment["text"])
    assert all(len(different) == 1 for different in said.values()), said
    assert normalise(" ".join(text for _, (text,) in sorted(said.items()))) == spoken.words
    for up in ups:
        assert up.interrupt() == 0, up.stderr


@pytest.mark.soak
def test_a_second_up_that_comes_and_goes_costs_a_listener_nothing(deployment: Deployment, tmp_path: Path) -> None:
    spoken = Excerpt(26, tmp_path)
    deployment.environment["RECOGNISER"] = spoken.recogniser
    up = deployment.up()
    source = deployment.listen("talk")
    spanish = deployment.listen("talk", "es", "--captions", "--audio", str(tmp_path / "es.wav"))
    speaker = deployment.speak("talk", spoken.file)
    source.until(partial(_has_heard, seconds=5))
    second = deployment.up()
    source.until(partial(_has_heard, seconds=12))
    assert second.interrupt() == 0, second.stderr
    assert speaker.ended() == 0, speaker.stderr
    assert source.ended() == 0, source.stderr
    assert spanish.ended() == 0, spanish.stderr
    assert_delivered_once(source)
    assert assert_delivered_once(spanish) == len(texts(source))
    assert words(source) == spoken.words
    assert up.interrupt() == 0, up.stderr


def _has_heard(listener: LltProcess, seconds: float) -> bool:
    """Whether it has a caption of what was said so far into the session."""
    return any(caption["end"] >= seconds * 1000 for caption in listener.of("caption"))


def _segments(observer: Any, stream: str) -> list[dict[str, Any]]:
    """Every segment on the stream, read by hand."""
    # Behind the version and the length of the header stands the header.
    headers = [json.loads(data[5:]) for data in records_on(observer.client("kinesis"), stream)]
    return [header for header in headers if header["kind"] == "Segment"]
