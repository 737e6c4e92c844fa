"""Records what a recogniser says of a WAV at real-time pace, for the scripted engine to play.

Run it as `python -m tests.benchmarks.record_script WAV SCRIPT [ENGINE]`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from processors.engines.engines import Engines
from processors.transcribe.engines.script import Script
from shared.settings import Settings
from tests.benchmarks.recogniser_run import read_wav, recognise


async def record(wav: Path, script: Path, name: str) -> None:
    """Writes the script of `wav`."""
    engine = Engines(Settings(recogniser=name)).recogniser
    try:
        heard = await recognise(engine, read_wav(wav, engine.rate))
    finally:
        await engine.close()
    Script(tuple(result.hypothesis for result in heard)).save(script)


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(__doc__)
    asyncio.run(record(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else "moonshine"))
