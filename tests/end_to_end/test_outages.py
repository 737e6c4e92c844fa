"""What a user sees while Kinesis and DynamoDB do not answer, and when they are gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from infra.local.localstack.server import LocalStack
from tests.end_to_end.deployment import deployed
from tests.end_to_end.excerpt import Excerpt
from tests.end_to_end.listener_output import assert_delivered_once, words
from tests.support.stalling_proxy import StallingProxy

pytestmark = [pytest.mark.system, pytest.mark.long]


@pytest.mark.soak
def test_twenty_seconds_without_an_answer_are_waited_out_and_cost_nothing(
    localstack: LocalStack, tmp_path: Path
) -> None:
    spoken = Excerpt(18, tmp_path)
    with (
        StallingProxy(localstack.endpoint) as proxy,
        deployed(localstack, tmp_path, AWS_ENDPOINT_URL=proxy.endpoint, RECOGNISER=spoken.recogniser) as deployment,
    ):
        up = deployment.up()
        source = deployment.listen("talk")
        spanish = deployment.listen("talk", "es", "--captions", "--audio", str(tmp_path / "es.wav"))
        speaker = deployment.speak("talk", spoken.file)
        source.until(lambda listener: len(listener.of("caption")) >= 1)
        proxy.stall()
        time.sleep(20)
        stalled = len(source.of("caption"))
        proxy.go_on()
        assert speaker.ended() == 0, speaker.stderr
        assert source.ended() == 0, source.stderr
        assert spanish.ended() == 0, spanish.stderr
        assert assert_delivered_once(source) == assert_delivered_once(spanish) > stalled
        assert words(source) == spoken.words
        assert "trying again" in up.stderr
        assert up.interrupt() == 0


def test_streams_that_are_gone_end_everything_with_one_line_that_says_so(tmp_path: Path) -> None:
    with LocalStack() as first, deployed(first, tmp_path) as deployment:
        up = deployment.up()
        source = deployment.listen("talk", "es", "--captions", "--audio", str(tmp_path / "es.wav"))
        speaker = deployment.speak("talk")
        source.until(lambda listener: listener.of("audio"))
        first.stop()
        with LocalStack(first.port):
            for terminal in (up, source, speaker):
                assert terminal.ended() == 1
                (line,) = [line for line in terminal.stderr.splitlines() if line.startswith("llt: ")]
                assert f"does not exist at {first.endpoint}; `llt streams create` makes it" in line
                assert "Traceback" not in terminal.stderr
        assert list(tmp_path.glob("es.wav"))
        deployment.environment["AWS_ENDPOINT_URL"] = first.endpoint
        first.start()
