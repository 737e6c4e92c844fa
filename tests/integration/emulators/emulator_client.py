"""Unmodified boto3 clients of an emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from emulators.certificates import Certificates
from emulators.faults import Fault, Faults
from emulators.polly import PollyService
from emulators.translate import TranslateService
from emulators.web import WebServer
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.translate.engines.scripted import ScriptedTranslator


@dataclass
class EmulatorClient:
    """A running server of Translate and Polly, its engines, and a client of one of the two."""

    client: Any
    server: WebServer
    faults: Faults
    bundle: Path
    translator: ScriptedTranslator = field(default_factory=ScriptedTranslator)
    synthesizer: ScriptedSynthesizer = field(default_factory=ScriptedSynthesizer)

    async def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """The client's answer; it waits on a thread, since the server runs on this one."""
        return await asyncio.to_thread(getattr(self.client, operation), **request)

    def fail(self, fault: str) -> None:
        """The next request of the service fails so."""
        self.faults.add(Fault.parse(fault))


@asynccontextmanager
async def emulated(service: str, folder: Path) -> AsyncIterator[EmulatorClient]:
    """A server, and a client of `service` that asks once and waits a second at most."""
    certificates, faults = Certificates(folder), Faults()
    translator, synthesizer = ScriptedTranslator(), ScriptedSynthesizer()
    async with WebServer(TranslateService(translator), PollyService(synthesizer), certificates, faults) as server:
        client = boto3.client(
            service,
            endpoint_url=server.endpoint,
            verify=str(certificates.bundle),
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=1),
        )
        try:
            yield EmulatorClient(client, server, faults, certificates.bundle, translator, synthesizer)
        finally:
            client.close()
