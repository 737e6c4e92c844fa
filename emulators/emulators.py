"""All three emulators at once, and what a program has in its environment to use them."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.polly import PollyService
from emulators.transcribe import TranscribeServer
from emulators.translate import TranslateService
from emulators.web import WebServer
from processors.synthesize.synthesizer import Synthesizer
from processors.transcribe.recogniser import RecogniserEngine
from processors.translate.translator import Translator
from shared.errors import LowLatencyTranslateError


class PortInUse(LowLatencyTranslateError):
    """Another program listens on an emulator's port."""


class Emulators:
    """Transcribe streaming, Translate and Polly on the loopback interface, with these engines behind them.

    The engines are offline ones, and stay their owner's to close. The certificate of the throwaway authority that
    clients have to trust is written into `folder`. A port of 0 is a free one. `latency` (s) and `pace` are
    WebServer's. An asynchronous context manager; raises PortInUse on entering.
    """

    def __init__(
        self,
        recogniser: RecogniserEngine,
        translator: Translator,
        synthesizer: Synthesizer,
        faults: Faults,
        folder: Path,
        *,
        transcribe_port: int = 0,
        port: int = 0,
        latency: float = 0.0,
        pace: float | None = None,
    ) -> None:
        certificates = Certificates(folder)
        self._bundle = certificates.bundle.absolute()
        self._ports = transcribe_port, port
        self.transcribe = TranscribeServer(recogniser, certificates, faults, port=transcribe_port)
        self.web = WebServer(
            TranslateService(translator),
            PollyService(synthesizer),
            certificates,
            faults,
            port=port,
            latency=latency,
            pace=pace,
        )
        self._running = AsyncExitStack()

    @property
    def environ(self) -> Mapping[str, str]:
        """What a program has in its environment to use them, beside a region and a key (`placeholders`)."""
        return {
            "AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING": self.transcribe.endpoint,
            "AWS_ENDPOINT_URL_TRANSLATE": self.web.endpoint,
            "AWS_ENDPOINT_URL_POLLY": self.web.endpoint,
            "AWS_CA_BUNDLE": str(self._bundle),
            "SSL_CERT_FILE": str(self._bundle),
        }

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as starting:
            await starting.enter_async_context(_listening(self.transcribe, self._ports[0]))
            await starting.enter_async_context(_listening(self.web, self._ports[1]))
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()


@asynccontextmanager
async def _listening(server: TranscribeServer | WebServer, port: int) -> AsyncIterator[None]:
    try:
        await server.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortInUse(
            f"port {port} is in use: stop what listens there, or choose another (--port, --transcribe-port)"
        ) from None
    try:
        yield
    finally:
        await server.close()
