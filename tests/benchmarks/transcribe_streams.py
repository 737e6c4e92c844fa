"""What streams of Amazon Transcribe cost a worker: CPU, memory and the latency of partial results.

Streams of one process, fed in real time, against the emulator with a script behind it in another process. The
baseline is the SDK as it comes, on one stream.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from amazon_transcribe.client import TranscribeStreamingClient
from amazon_transcribe.endpoints import StaticEndpointResolver

from processors.transcribe.engines.aws import AwsEngine
from processors.transcribe.engines.script import Script
from processors.transcribe.recogniser import Recogniser
from shared.models import Word
from shared.sessions import Session
from shared.settings import Settings
from tests.support.emulated_transcribe import environment

#: Ms of CPU that a stream may cost for each second of its audio.
BOUND = 60.0
#: Seconds for which the SDK as it comes is measured.
_BASELINE = 5.0
#: Seconds of audio sent at once, and its bytes.
_PIECE = 0.1
_SILENCE = bytes(3200)
#: Seconds that ten words take, and those behind the last of them, in which all its results have come.
_SENTENCE, _SILENT_END = 3.0, 3.0
_SERVER = """
import asyncio, sys
from pathlib import Path
from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe import TranscribeServer
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine

async def main(folder, script):
    async with TranscribeServer(ScriptedEngine(Script.load(script)), Certificates(folder), Faults()) as server:
        print(server.endpoint, flush=True)
        await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@dataclass
class Measured:
    """What the streams of one run came to."""

    latencies: list[float] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    #: Ms of CPU a stream for each second of its audio.
    cpu: float = 0.0
    #: MiB that a stream added to the process.
    memory: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; the exit code is 1 where a stream costs too much, or failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--streams", type=int, default=10)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, _emulator(Path(folder), asked.seconds) as (endpoint, script):
        os.environ.update(environment(endpoint, Path(folder) / "emulators-ca.pem"))
        # The SDK knows no AWS_CA_BUNDLE.
        os.environ["SSL_CERT_FILE"] = os.environ["AWS_CA_BUNDLE"]
        baseline = asyncio.run(_as_it_comes(endpoint))
        measured = asyncio.run(_tamed(script, asked.streams, asked.seconds))
    p50, p99 = _percentile(measured.latencies, 50), _percentile(measured.latencies, 99)
    print(f"{asked.streams} streams for {asked.seconds:g} s, each in real time, from one process")
    print(f"CPU a stream       {measured.cpu:8.1f} ms a second of audio (bound {BOUND:g})")
    print(f"the SDK as it is   {baseline:8.1f} ms ({baseline / measured.cpu:.0f} times as much)")
    print(f"streams a core     {1000 / measured.cpu:8.0f}")
    print(f"memory a stream    {measured.memory:8.1f} MiB")
    print(f"partial results    {len(measured.latencies):8d}, {p50:.0f} / {p99:.0f} ms p50 / p99 behind their audio")
    print(f"errors             {len(measured.errors):8d}")
    for error in measured.errors:
        print(f"  {error!r}")
    return 0 if measured.cpu < BOUND and not measured.errors else 1


@contextmanager
def _emulator(folder: Path, seconds: float) -> Iterator[tuple[str, Script]]:
    """Its endpoint, and the script that it plays: a word every 300 ms, a pause behind every ten, silence at the end."""
    words = [Word(f"word{n}", at, at + 280) for n, at in enumerate(_starts(seconds - _SILENT_END))]
    script = Script.from_words(words)
    script.save(folder / "script.jsonl")
    command = [sys.executable, "-c", _SERVER, str(folder), str(folder / "script.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip(), script
        finally:
            server.terminate()


def _starts(seconds: float) -> Iterator[int]:
    at = 0
    while at + _SENTENCE * 1000 <= seconds * 1000:
        for _ in range(10):
            yield at
            at += 300
        at += 1500


async def _tamed(script: Script, streams: int, seconds: float) -> Measured:
    engine = AwsEngine(Settings())
    process = psutil.Process()
    measured = Measured()
    # The first stream brings what all share.
    await (await _open(engine)).close()
    before = process.memory_info().rss
    takes = [await _open(engine) for _ in range(streams)]
    spent = _cpu(process)
    outcomes = await asyncio.gather(
        *(_follow(take, script, seconds, measured.latencies) for take in takes), return_exceptions=True
    )
    measured.cpu = (_cpu(process) - spent) * 1000 / seconds / streams
    measured.memory = (process.memory_info().rss - before) / streams / 2**20
    measured.errors = [outcome for outcome in outcomes if outcome is not None]
    await engine.close()
    return measured


async def _open(engine: AwsEngine) -> Recogniser:
    return await engine.open(Session(id="talk", source_language="en", target_languages=(), started_at=0), 0)


async def _follow(take: Recogniser, script: Script, seconds: float, latencies: list[float]) -> None:
    """Feeds a take in real time; the script says what each of its results is, and behind which audio it comes.

    Raises RuntimeError where another is heard, or none.
    """
    sent: dict[int, float] = {}

    async def hear() -> None:
        expected = iter(script.results)
        async for hypothesis in take:
            result = next(expected, None)
            if result is None or [word.text for word in hypothesis.items] != [word.text for word in result.items]:
                raise RuntimeError(f"expected {result}, got {hypothesis}")
            if not hypothesis.final:
                at = sent[-(-result.position // 100) * 100]
                latencies.append((time.perf_counter() - at) * 1000)
        if (missed := next(expected, None)) is not None:
            raise RuntimeError(f"expected {missed}, got the stream's end")

    hearing = asyncio.create_task(hear())
    start = time.perf_counter()
    for piece in range(round(seconds / _PIECE)):
        await asyncio.sleep(max(0.0, start + piece * _PIECE - time.perf_counter()))
        sent[(piece + 1) * 100] = time.perf_counter()
        await take.feed(_SILENCE)
    await take.finish()
    await hearing
    if not latencies:
        raise RuntimeError("expected results, got none")


async def _as_it_comes(endpoint: str) -> float:
    """Ms of CPU for each second of audio that one stream of the SDK costs."""
    client = TranscribeStreamingClient(region="us-east-1", endpoint_resolver=_resolver(endpoint))
    stream = await client.start_stream_transcription(
        language_code="en-US", media_sample_rate_hz=16000, media_encoding="pcm"
    )
    process = psutil.Process()
    spent, start = _cpu(process), time.perf_counter()
    while time.perf_counter() - start < _BASELINE:
        await stream.input_stream.send_audio_event(audio_chunk=_SILENCE)
        await asyncio.sleep(_PIECE)
    cost = (_cpu(process) - spent) * 1000 / (time.perf_counter() - start)
    await stream.input_stream.end_stream()  # type: ignore[no-untyped-call]
    async for _ in stream.output_stream:
        pass
    return cost


def _resolver(endpoint: str) -> Any:
    return StaticEndpointResolver(endpoint)  # type: ignore[no-untyped-call]


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("nan")


if __name__ == "__main__":
    sys.exit(main())
