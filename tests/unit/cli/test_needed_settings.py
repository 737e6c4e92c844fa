"""A setting that is for workers keeps nobody else from speaking, listening or looking."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.wav import flat
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic


@pytest.fixture(autouse=True)
def kubernetes(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod beside a service called metrics, with settings of other programs, that knows no region of AWS."""
    for files in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(files, str(clean_environment / "none"))
    monkeypatch.setenv("STREAMS", "kinesis")
    monkeypatch.setenv("METRICS_PORT", "tcp://10.0.0.7:80")
    monkeypatch.setenv("KCL_MODE", "9")
    flat("talk.wav", 1)


@pytest.mark.parametrize(
    "command",
    [
        "listen talk",
        "speak talk.wav --session talk",
        "sessions list",
        "sessions show talk",
        "sessions end talk",
        "sessions create talk --setting MAX_HOLD=20",
        "streams list",
        "dead-letters list",
        "dead-letters show 1a",
        "workers",
    ],
)
def test_who_runs_no_stage_comes_as_far_as_to_aws(llt: Llt, command: str) -> None:
    done = llt(*command.split())
    assert (done.code, done.err) == (1, "llt: AWS: no region is set; set AWS_REGION, in the environment or in .env\n")


@pytest.mark.parametrize("command", ["listen talk", "speak talk.wav --session talk", "sessions list"])
def test_a_setting_that_they_need_is_refused(llt: Llt, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINK_READ_INTERVAL", "tcp://10.0.0.8:80")
    done = llt(*command.split())
    assert (done.code, done.err) == (2, "llt: SINK_READ_INTERVAL=tcp://10.0.0.8:80: expected 0.25-10 s\n")


def test_a_worker_refuses_the_port_of_its_metrics(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KCL_MODE")
    done = llt("up")
    assert (done.code, done.err) == (2, "llt: METRICS_PORT=tcp://10.0.0.7:80: expected 0-65535\n")
