"""The emulators of Translate and Polly, as an unmodified boto3 finds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulators.certificates import Certificates
from emulators.faults import Fault, Faults
from emulators.polly import PollyService
from emulators.translate import TranslateService
from emulators.web import WebServer
from processors.synthesize.engines.scripted import ScriptedSynthesizer
from processors.synthesize.synthesizer import Synthesizer
from processors.translate.engines.scripted import ScriptedTranslator
from processors.translate.translator import Translator


class EmulatedAws:
    """Runs them with the engines behind, and leads this process there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._certificates = Certificates(folder)
        self._monkeypatch = monkeypatch
        self.faults = Faults()

    def add(self, *faults: str) -> None:
        """What goes wrong next, such as `polly:abort`."""
        for fault in faults:
            self.faults.add(Fault.parse(fault))

    @asynccontextmanager
    async def running(
        self, translator: Translator | None = None, synthesizer: Synthesizer | None = None
    ) -> AsyncIterator[WebServer]:
        """The server while the test runs."""
        server = WebServer(
            TranslateService(translator or ScriptedTranslator()),
            PollyService(synthesizer or ScriptedSynthesizer()),
            self._certificates,
            self.faults,
        )
        async with server:
            for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
                self._monkeypatch.delenv(name, raising=False)
            for name, value in {
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_CA_BUNDLE": str(self._certificates.bundle),
                "AWS_ENDPOINT_URL_TRANSLATE": server.endpoint,
                "AWS_ENDPOINT_URL_POLLY": server.endpoint,
            }.items():
                self._monkeypatch.setenv(name, value)
            yield server

    @staticmethod
    def client(service: str) -> Any:
        """A boto3 client of the service, which is closed by its owner."""
        return boto3.Session(region_name="us-east-1").client(service)


@pytest.fixture
def emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmulatedAws:
    """Emulators that the test starts."""
    return EmulatedAws(tmp_path, monkeypatch)
