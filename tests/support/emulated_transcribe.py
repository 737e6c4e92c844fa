"""Amazon Transcribe, emulated with a script behind it, and the engine that is led there by the usual AWS means."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from emulators.certificates import Certificates
from emulators.faults import Fault, Faults
from emulators.transcribe import TranscribeServer
from processors.transcribe.engines.aws.amazon_transcribe import AmazonTranscribe
from processors.transcribe.engines.aws.engine import AwsEngine
from processors.transcribe.engines.aws.take import AwsTake
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from shared.aws import Aws
from shared.sessions import Session
from shared.settings import Settings

SECRET = "emulated-secret-key"


class EmulatedEngine(AwsEngine):
    """Tells the script behind the emulator where each take begins, as only the speaker's voice would."""

    def __init__(
        self, settings: Settings, script: Resumed, faults: Faults, *, feed_rate: float | None, opening: float
    ) -> None:
        super().__init__(settings, AmazonTranscribe(Aws(), opening=opening), feed_rate=feed_rate)
        #: Those of the emulator.
        self.faults = faults
        self._script = script

    async def open(self, session: Session, start: int) -> AwsTake:
        self._script.start = start
        return await super().open(session, start)


class Resumed(ScriptedEngine):
    """A script that goes on at `start` (ms) for the next stream."""

    start = 0

    async def open(self, session: Session, start: int) -> Any:
        return await super().open(session, self.start)


@asynccontextmanager
async def emulated(
    script: Script,
    folder: Path,
    *faults: Fault,
    settings: Settings | None = None,
    feed_rate: float | None = None,
    opening: float = 20.0,
    **options: Any,
) -> AsyncIterator[EmulatedEngine]:
    """The engine; `options` are the server's. A stream has `opening` s to open."""
    certificates = Certificates(folder)
    behind, striking = Resumed(script), Faults(*faults)
    async with TranscribeServer(behind, certificates, striking, secret=SECRET, **options) as server:
        with patch.dict(os.environ, environment(server.endpoint, certificates.bundle)):
            engine = EmulatedEngine(settings or Settings(), behind, striking, feed_rate=feed_rate, opening=opening)
            try:
                yield engine
            finally:
                await engine.close()


def environment(endpoint: str, bundle: Path) -> dict[str, str]:
    """What leads a process to the emulator."""
    return {
        "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": endpoint,
        "AWS_CA_BUNDLE": str(bundle),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
