from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from cli.environment import AWS
from shared.settings import Settings
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.hermetic


def test_it_shows_every_setting_with_its_value_range_and_origin(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean_environment / ".env").write_text("# mine\nMAX_BUFFER_TIMEOUT=4\nexport MAX_HOLD='90'\nPAUSE_THRESHOLD=3\n")
    monkeypatch.setenv("PAUSE_THRESHOLD", "1.5")
    outcome = llt("config", "show", "--json")
    shown = orjson.loads(outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert list(shown) == [*(name for name, *_ in Settings().describe()), *AWS]
    seen = {name: (entry["value"], entry["from"]) for name, entry in shown.items()}
    assert seen["MAX_BUFFER_TIMEOUT"] == (4, ".env")
    assert seen["MAX_HOLD"] == (90, ".env")
    assert seen["PAUSE_THRESHOLD"] == (1.5, "environment")
    assert seen["MIN_STABILITY_THRESHOLD"] == (0.85, "default")
    assert shown["MAX_HOLD"]["range"] == "10-600 s"


def test_a_person_reads_a_table_that_cuts_nothing_off(llt: Llt) -> None:
    outcome = llt("config", "show")
    rows = {line.split()[0]: line.split()[1:3] for line in outcome.out.splitlines() if line[:1].isupper()}
    assert rows == {
        **{name: [value or '""', "default"] for name, value, *_ in Settings().describe()},
        **{name: ["-", "-"] for name in AWS},
    }


def test_it_shows_where_aws_is_looked_for_and_no_secret(llt: Llt, clean_environment: Path) -> None:
    (clean_environment / ".env").write_text(
        "AWS_ENDPOINT_URL=http://localhost:4566\nAWS_ACCESS_KEY_ID=AKIA12\nAWS_SECRET_ACCESS_KEY=s3cret\n"
    )
    as_json, table = llt("config", "show", "--json").out, llt("config", "show").out
    shown = orjson.loads(as_json)
    rows = {line.split()[0]: line.split()[1] for line in table.splitlines() if line[:1].isupper()}
    assert shown["AWS_ENDPOINT_URL"]["value"] == "http://localhost:4566"
    assert shown["AWS_ENDPOINT_URL"]["from"] == ".env"
    assert rows["AWS_ENDPOINT_URL"] == "http://localhost:4566"
    assert shown["AWS_SECRET_ACCESS_KEY"]["value"] == "set"
    assert rows["AWS_SECRET_ACCESS_KEY"] == "set"
    assert shown["AWS_SESSION_TOKEN"]["value"] is None
    assert "s3cret" not in as_json + table
    assert "AKIA12" not in as_json + table


def test_what_looks_like_markup_is_shown_as_it_is(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_PREFIX", "[/x]")
    assert "[/x]" in llt("config", "show").out


def test_a_misspelt_setting_is_told_and_foreign_names_are_not(llt: Llt, clean_environment: Path) -> None:
    (clean_environment / ".env").write_text(
        "MAX_HOLDD=50\nSTREAM=memory\nmax_hold=1\nDATABASE_URL=x\nAWS_ENDPOINT_URL_S3=y\n"
    )
    outcome = llt("config", "show")
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "llt: .env: there is no setting MAX_HOLDD; is MAX_HOLD meant?",
        "llt: .env: there is no setting STREAM; is STREAMS meant?",
        "llt: .env: there is no setting max_hold; is MAX_HOLD meant?",
    ]


def test_an_empty_variable_counts_as_not_set(llt: Llt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_HOLD", "")
    entry = orjson.loads(llt("config", "show", "--json").out)["MAX_HOLD"]
    assert (entry["value"], entry["from"]) == (60, "default")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"MAX_HOLD=5\n", "llt: MAX_HOLD=5: expected 10-600 s"),
        (b"\nTOKEN='s3cret\n", "llt: .env line 2: expected NAME=value"),
        (b"s3cret\n", "llt: .env line 1: expected NAME=value"),
        (b"\xff\xfe", "llt: .env: expected a text file in UTF-8"),
    ],
)
def test_a_bad_env_file_is_refused_in_one_line_that_tells_no_secret(
    llt: Llt, clean_environment: Path, content: bytes, says: str
) -> None:
    (clean_environment / ".env").write_bytes(content)
    outcome = llt("config", "show")
    assert (outcome.code, outcome.out, outcome.err) == (2, "", says + "\n")


def test_an_env_file_that_cannot_be_read_is_refused(llt: Llt, clean_environment: Path) -> None:
    (clean_environment / ".env").mkdir()
    outcome = llt("config", "show")
    assert (outcome.code, outcome.err) == (2, "llt: .env: Is a directory; make it readable or move it away\n")
