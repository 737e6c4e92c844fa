"""What `llt transcribe-file` says of files that are not as they should be, and of what it did not finish."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from rich.console import Console

from cli.broadcast.broadcast import Outcome
from cli.broadcast.summary import print_summary
from processors.engines.engines import Engines
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.translate.engines.scripted import ScriptedTranslator
from tests.support.media import encoded, silent_video, tone
from tests.support.waiting import TIMEOUT, wait_until
from tests.support.wav import flat
from tests.unit.cli.outcome import Llt


@pytest.fixture(autouse=True)
def scripted(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that need nothing, and hear a word."""
    word = {"text": "Hello", "start": 0, "end": 200, "stable": True}
    heard = {"utterance": 1, "start": 0, "end": 200, "position": 300, "items": [word], "final": True}
    (clean_environment / "word.jsonl").write_bytes(orjson.dumps(heard))
    (clean_environment / "nothing.jsonl").touch()
    monkeypatch.setenv("RECOGNISER", "scripted:word.jsonl")
    monkeypatch.setenv("TRANSLATOR", "scripted")
    monkeypatch.setenv("SYNTHESIZER", "scripted")


@pytest.mark.hermetic
def test_a_recording_that_is_cut_short_is_told_and_the_report_is_not_complete(
    llt: Llt, clean_environment: Path
) -> None:
    path = flat(clean_environment / "talk.wav", 2)
    path.write_bytes(path.read_bytes()[: 44 + 32000])
    outcome = llt("transcribe-file", "talk.wav", "--out", "out")
    assert (outcome.code, outcome.err) == (0, "llt: warning: talk.wav is cut short: 1.0 s of 2.0 s are there\n")
    assert orjson.loads((clean_environment / "out" / "report.json").read_bytes())["complete"] is False
    whole = llt("transcribe-file", str(flat(path, 2)), "--out", "out")
    assert (whole.code, whole.err) == (0, "")
    assert orjson.loads((clean_environment / "out" / "report.json").read_bytes())["complete"] is True


@pytest.fixture
def nowhere(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon Transcribe, without credentials, where nobody answers."""
    monkeypatch.setenv("RECOGNISER", "aws")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING", "https://localhost:1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for files in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(files, str(clean_environment / "none"))


@pytest.mark.hermetic
@pytest.mark.usefixtures("nowhere")
def test_without_credentials_nothing_begins(llt: Llt, clean_environment: Path) -> None:
    outcome = llt("transcribe-file", str(flat(clean_environment / "talk.wav", 1)))
    assert outcome.code == 1
    assert outcome.err.startswith("llt: AWS: no credentials; set AWS_ACCESS_KEY_ID")
    assert outcome.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.hermetic
@pytest.mark.usefixtures("nowhere")
def test_audio_that_no_recogniser_heard_is_a_failure_whose_reason_is_told(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.setenv("MAX_HOLD", "10")
    outcome = llt("transcribe-file", str(flat(clean_environment / "talk.wav", 1)))
    assert outcome.code == 1
    assert outcome.err.count("transcribe: broadcast: no recogniser opens: EngineUnavailable: Amazon Transcribe: ") == 1
    assert outcome.err.endswith("llt: no recogniser heard 1.0 s of talk.wav; the log says why\n")


@pytest.mark.hermetic
def test_files_of_other_languages_from_an_earlier_run_are_named_and_kept(llt: Llt, clean_environment: Path) -> None:
    path = str(flat(clean_environment / "talk.wav", 0.5))
    first = llt("transcribe-file", path, "--to", "es,ca", "--out", "out")
    assert "earlier" not in first.out
    (clean_environment / "out" / "notes.vtt").touch()
    second = llt("transcribe-file", path, "--to", "fr,ca", "--out", "out")
    _, _, told = second.out.partition("From an earlier run, not of this one:\n")
    assert [line.strip() for line in told.splitlines()] == [
        "out/captions.es.srt",
        "out/captions.es.vtt",
        "out/speech.es.wav",
    ]
    assert (clean_environment / "out" / "captions.es.vtt").exists()


@pytest.mark.hermetic
def test_a_language_that_no_engine_serves_is_wrong_usage(llt: Llt, clean_environment: Path) -> None:
    outcome = llt("transcribe-file", str(flat(clean_environment / "talk.wav", 0.5)), "--to", "xx")
    assert outcome.code == 2
    assert outcome.err.startswith("llt: target language xx: ")


@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("captions", "says"), [(0, "Stopped after 0 captions."), (1, "Stopped after 1 caption, up to 5.1 s of 27.2 s.")]
)
def test_one_that_was_stopped_says_how_far_captions_reach_not_what_was_read(
    capsys: pytest.CaptureFixture[str], captions: int, says: str
) -> None:
    outcome = Outcome(captions=Counter(en=captions), sent=27.2, reached=5.1)
    job: Any = SimpleNamespace(outcome=outcome, source="en", wav=SimpleNamespace(duration=27.2), files=[], left_over=[])
    print_summary(Console(), job)
    assert says in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.hermetic
@pytest.mark.parametrize("command", [("transcribe-file",), ("demo", "--input")])
@pytest.mark.parametrize(("sample", "why"), [(0, "it is silent"), (9000, "no words of en could be told in it")])
def test_a_recording_in_which_nothing_was_heard_is_a_failure_that_says_so(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], sample: int, why: str
) -> None:
    monkeypatch.setenv("RECOGNISER", "scripted:nothing.jsonl")
    outcome = llt(*command, str(flat(clean_environment / "talk.wav", 1, sample)), "--out", "out")
    assert (outcome.code, outcome.err) == (1, f"llt: nothing was heard in talk.wav, 1.0 s long: {why}\n")
    assert orjson.loads((clean_environment / "out" / "report.json").read_bytes())["sent_s"] == 1


@pytest.mark.slow
@pytest.mark.hermetic
@pytest.mark.parametrize(
    ("kind", "engine", "what"),
    [("synthesizer", ScriptedSynthesizer, "speech"), ("translator", ScriptedTranslator, "captions")],
)
def test_a_language_of_which_nothing_came_is_a_failure_that_says_why(
    llt: Llt,
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    engine: type[ScriptedSynthesizer] | type[ScriptedTranslator],
    what: str,
) -> None:
    broken = engine()
    broken.broken.add("ca")
    monkeypatch.setattr(Engines, kind, broken)
    monkeypatch.setenv("MAX_HOLD", "10")
    outcome = llt(
        "transcribe-file", str(flat(clean_environment / "talk.wav", 1, 9000)), "--to", "es,ca", "--out", "out"
    )
    assert outcome.code == 1
    reason = f"1 {'clips' if what == 'speech' else what} ca failed"
    assert outcome.err.endswith(f"llt: no {what} came in ca of talk.wav: {reason}\n")


@pytest.mark.hermetic
def test_any_format_will_do_and_what_is_in_it_is_told(llt: Llt, clean_environment: Path) -> None:
    path = encoded(clean_environment / "talk.mp3", "libmp3lame", tone(48_000, 4)[:, None], layout="mono")
    whole = llt("transcribe-file", "talk.mp3")
    assert (whole.code, whole.err) == (0, "")
    report = orjson.loads((clean_environment / "out" / "talk" / "report.json").read_bytes())
    assert (report["input"], report["duration_s"], report["complete"]) == ("talk.mp3", pytest.approx(4, abs=0.01), True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    cut = llt("transcribe-file", "talk.mp3")
    assert cut.code == 0
    assert re.fullmatch(r"llt: warning: talk.mp3 is cut short: [12]\.\d s of 4\.0 s are there\n", cut.err)
    assert orjson.loads((clean_environment / "out" / "talk" / "report.json").read_bytes())["complete"] is False


@pytest.mark.hermetic
def test_a_pipe_that_outlasts_the_longest_session_is_a_failure_that_says_so(
    llt: Llt, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_SESSION_LENGTH", "60")
    data = bytearray(flat(clean_environment / "talk.wav", 61).read_bytes())
    data[40:44] = b"\xff" * 4
    os.mkfifo("fifo")
    writer = threading.Thread(target=lambda: Path("fifo").write_bytes(data))
    writer.start()
    outcome = llt("transcribe-file", "fifo", "--to", "es")
    writer.join()
    assert outcome.code == 1
    assert "the session ended before the recording, of which 61 s were to be heard" in outcome.err
    assert orjson.loads((clean_environment / "out" / "fifo" / "report.json").read_bytes())["complete"] is False


@pytest.mark.system
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
@pytest.mark.parametrize("command", [("transcribe-file",), ("demo", "--input")])
def test_standard_input_is_heard_and_its_length_need_not_be_known(
    clean_environment: Path, name: str, command: tuple[str, ...]
) -> None:
    data = bytearray(flat(clean_environment / "talk.wav", 2).read_bytes())
    data[40:44] = b"\xff" * 4
    done = subprocess.run(
        [sys.executable, "-m", "cli", *command, name, "--out", "out"],
        input=bytes(data),
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    report = orjson.loads((clean_environment / "out" / "report.json").read_bytes())
    assert (report["duration_s"], report["complete"]) == (2, True)


@pytest.mark.system
def test_nothing_on_standard_input_is_one_line(clean_environment: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "transcribe-file", "-"],
        input=b"",
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr) == (1, b"llt: standard input: expected a recording, got nothing at all\n")


@pytest.mark.hermetic
def test_a_video_without_sound_is_one_line(llt: Llt, clean_environment: Path) -> None:
    silent_video(clean_environment / "film.mp4")
    outcome = llt("transcribe-file", "film.mp4")
    assert outcome.code == 1
    assert outcome.err.startswith("llt: film.mp4: expected audio, got a file without an audio track")
    assert outcome.err.count("\n") == 1


@pytest.mark.system
def test_ctrl_c_ends_it_while_a_pipe_keeps_its_beginning_to_itself(clean_environment: Path) -> None:
    beginning = encoded(
        clean_environment / "talk.mp3", "libmp3lame", tone(48_000, 1)[:, None], layout="mono"
    ).read_bytes()[:600]
    read_end, write_end = os.pipe()
    with open(write_end, "wb", buffering=0) as pipe:
        with subprocess.Popen(
            [sys.executable, "-m", "cli", "transcribe-file", "-"],
            stdin=read_end,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as program:
            pipe.write(beginning)
            wait_until(lambda: not waiting(read_end), "the recording's beginning being read")
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=TIMEOUT)
        os.close(read_end)
    assert (program.returncode, out, err) == (130, b"", b"")


def waiting(pipe: int) -> int:
    """How many bytes are in it."""
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
    return int(count)
