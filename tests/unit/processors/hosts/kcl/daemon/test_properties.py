from __future__ import annotations

from pathlib import Path

import pytest

from processors.hosts.kcl.application import Application
from processors.hosts.kcl.daemon.properties import Endpoints, properties, write
from shared.errors import SettingError
from shared.settings import Settings

pytestmark = pytest.mark.hermetic

CHILD = ["python", "-m", "cli.worker.child", "stability+dedup"]
ENDPOINTS = Endpoints("eu-west-1", "https://kinesis.example", "http://localhost:4566")


def made(**settings: str) -> dict[str, str]:
    given = Settings().override(settings)
    return properties(Application.of("stability+dedup", given), given, "host-1", CHILD, ENDPOINTS)


def test_they_say_who_works_on_what_and_where() -> None:
    said = made(STREAM_PREFIX="talks", TABLE_PREFIX="t-")
    assert said["executableName"] == "python -m cli.worker.child stability+dedup"
    assert said["applicationName"] == "t-talks-stability.dedup"
    assert said["streamName"] == "talks-transcripts"
    assert said["workerId"] == "host-1"
    assert said["regionName"] == "eu-west-1"
    assert (said["kinesisEndpoint"], said["dynamoDBEndpoint"]) == ("https://kinesis.example", "http://localhost:4566")


def test_by_default_a_dead_worker_is_replaced_soon() -> None:
    said = made()
    assert said["clientVersionConfig"] == "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X"
    assert said["failoverTimeMillis"] == "2000"
    assert said["idleTimeBetweenReadsInMillis"] == "400"
    assert said["initialPositionInStream"] == "TRIM_HORIZON"
    assert said["retrievalMode"] == "POLLING"


def test_the_settings_change_them() -> None:
    said = made(
        KCL_MODE="3x",
        KCL_FAILOVER_TIME="10",
        KCL_INITIAL_POSITION="latest",
        KCL_RETRIEVAL="fanout",
        WORKER_READ_INTERVAL="1.5",
    )
    assert said["clientVersionConfig"] == "CLIENT_VERSION_CONFIG_3X"
    assert said["failoverTimeMillis"] == "10000"
    assert said["idleTimeBetweenReadsInMillis"] == "1500"
    assert said["initialPositionInStream"] == "LATEST"
    assert said["retrievalMode"] == "FANOUT"


def test_they_hold_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    said = made()
    assert said["AwsCredentialsProvider"] == "DefaultCredentialsProvider"
    assert not {"AKIAEXAMPLE", "hush"} & set(said.values())


@pytest.mark.parametrize("word", ["/my folder/python", "", "two\nlines"])
def test_a_command_that_the_daemon_would_split_is_refused(word: str) -> None:
    settings = Settings()
    with pytest.raises(SettingError, match="without spaces"):
        properties(Application.of("dedup", settings), settings, "w", [word, "-m", "child"], ENDPOINTS)


def test_the_file_is_one_that_java_reads(tmp_path: Path) -> None:
    file = tmp_path / "daemon.properties"
    write(file, {"url": "http://localhost:4566", "name": "caf\u00e9\\\U0001f600"})
    assert file.read_bytes() == b"url = http://localhost:4566\nname = caf\\u00e9\\u005c\\ud83d\\ude00\n"
