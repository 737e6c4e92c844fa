from __future__ import annotations

import importlib
import os
from pathlib import Path

import orjson
import pytest

from tests.benchmarks.figure import Bound, Figure
from tests.benchmarks.runner import NAMES, main, report


@pytest.fixture(autouse=True)
def _unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a benchmark's process does is not covered: watched, it takes ten times as long."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS_")]:
        monkeypatch.delenv(name)


FAST = Figure(name="codec: encode", value=30, unit="us", baseline=10, against="orjson", bound=Bound("ratio", "<=", 4))
SLOW = Figure(name="codec: decode", value=1234.5, unit="us", bound=Bound("value", "<", 1000))


@pytest.mark.hermetic
def test_the_table_is_markdown_and_the_file_has_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "benchmarks.json"
    assert report([FAST, Figure(name="records", value=12, unit="records")], file) == 0
    _, *table = capsys.readouterr().out.strip().split("\n\n")
    assert table[0].splitlines() == [
        "| figure | value | against | ratio | bound | holds |",
        "|---|--:|--:|--:|---|---|",
        "| codec: encode | 30 us | 10 orjson | 3 | ratio <= 4 | yes |",
        "| records | 12 records |  |  |  |  |",
    ]
    assert [figure["name"] for figure in orjson.loads(file.read_bytes())] == ["codec: encode", "records"]


@pytest.mark.hermetic
def test_a_bound_that_does_not_hold_is_named_and_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report([FAST, SLOW], tmp_path / "benchmarks.json") == 1
    said = capsys.readouterr()
    assert "| codec: decode | 1,234 us |  |  | value < 1000 | **no** |" in said.out
    assert said.err == "does not hold: codec: decode\n"


@pytest.mark.hermetic
def test_a_name_that_is_no_benchmarks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codec", "speed"]) == 2
    assert capsys.readouterr().err == f"expected some of {', '.join(NAMES)}, got speed\n"


@pytest.mark.hermetic
@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_benchmark(name: str) -> None:
    assert callable(importlib.import_module(f"tests.benchmarks.{name}").run)


@pytest.mark.long
@pytest.mark.system
def test_a_benchmark_that_fails_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "benchmarks.json"
    monkeypatch.setattr("tests.benchmarks.runner.RESULTS", results)
    monkeypatch.setattr("tests.benchmarks.runner.NAMES", ("table", "insane_records"))
    assert main([]) == 1
    assert "AttributeError" in capsys.readouterr().err
    assert {figure["name"].partition(":")[0] for figure in orjson.loads(results.read_bytes())} == {"insane_records"}


@pytest.mark.long
@pytest.mark.system
def test_one_benchmark_runs_by_its_name_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tests.benchmarks.runner.RESULTS", tmp_path / "benchmarks.json")
    assert main(["codec"]) in {0, 1}
    (figure,) = orjson.loads((tmp_path / "benchmarks.json").read_bytes())
    assert figure["name"].startswith("codec: ")
    assert figure["value"] > 0
    assert figure["ratio"] == pytest.approx(figure["value"] / figure["baseline"])
    assert figure["name"] in capsys.readouterr().out
