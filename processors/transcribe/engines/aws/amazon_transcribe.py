"""Streams on the SDK amazon-transcribe, with its busy loop throttled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from amazon_transcribe.auth import CredentialResolver, Credentials
from amazon_transcribe.client import TranscribeStreamingClient
from amazon_transcribe.endpoints import BaseEndpointResolver
from amazon_transcribe.model import (
    StartStreamTranscriptionEventStream,
    StartStreamTranscriptionRequest,
    TranscriptEvent,
)
from amazon_transcribe.request import Request
from amazon_transcribe.serialize import TranscribeStreamingSerializer

from processors.transcribe.engines.aws.body import AudioBody, ReadThrottle
from processors.transcribe.engines.aws.connection import Connection, Runtime
from processors.transcribe.engines.aws.failures import failure
from processors.transcribe.engines.aws.request import StreamRequest
from processors.transcribe.engines.aws.stream import Result, TranscribeClient, TranscribeStream
from shared.aws import Aws
from shared.errors import EngineUnavailable, SetupError

_SERVICE = "transcribe-streaming"
#: Seconds that a stream has to open, and a send to go through.
OPEN_TIMEOUT, SEND_TIMEOUT = 15.0, 10.0
#: Bytes that may wait for the connection before `send` does: about 2 s of audio.
_QUEUED = 64 * 1024
#: Seconds between two polls of a connection that accepts nothing.
_POLL_INTERVAL = 0.02


class AmazonTranscribe(TranscribeClient):
    """Opens every stream with a client of its own: a connection takes one stream.

    Raises SetupError for an endpoint that is not https, or a bundle of authorities that cannot be read. The times
    that a stream has to open, and a send to go through, are in s.
    """

    def __init__(self, aws: Aws, *, opening: float = OPEN_TIMEOUT, sending: float = SEND_TIMEOUT) -> None:
        self._aws = aws
        self._opening, self._sending = opening, sending
        self._endpoint = aws.endpoint(_SERVICE)
        if self._endpoint is not None and not self._endpoint.startswith("https://"):
            raise SetupError(
                f"Amazon Transcribe: expected an https endpoint, for its streams are HTTP/2 over TLS, got "
                f"{self._endpoint}; set AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING"
            )
        self._throttle = ReadThrottle()
        try:
            self._runtime = Runtime(aws.ca_bundle)
        except OSError as error:
            raise SetupError(f"AWS_CA_BUNDLE={aws.ca_bundle}: {error.strerror}") from None

    async def open(self, request: StreamRequest) -> Stream:
        connection = Connection(self._runtime)
        client = _Client(
            self._aws.region, self._endpoint, _Credentials(self._aws), connection, AudioBody(self._throttle)
        )
        starting = asyncio.create_task(client.start_stream_transcription(**_parameters(request)))
        try:
            await asyncio.wait([starting], timeout=self._opening)
            if not starting.done():
                raise EngineUnavailable(self._open_failure(connection))
            started = starting.result()
        except BaseException as error:
            # The task is not cancelled but ends with its connection: the runtime's thread settles what it waits for.
            starting.add_done_callback(lambda started: started.cancelled() or started.exception())
            await connection.close()
            if isinstance(error, EngineUnavailable | SetupError) or not isinstance(error, Exception):
                raise
            raise failure(error, opening=True, proxy=connection.proxy) from None
        return Stream(started, connection, client.body, self._sending)

    async def close(self) -> None:
        """Connections close with their streams."""

    def _open_failure(self, connection: Connection) -> str:
        """What is wrong where a stream has not opened in time."""
        if connection.is_connected:
            return f"Amazon Transcribe did not answer for {self._opening:g} s"
        # The runtime is slow, on purpose, to tell of a certificate that it does not trust.
        proxy_options = f" through the proxy {connection.proxy}" if connection.proxy else ""
        return (
            f"Amazon Transcribe: no connection to {self._endpoint or self._aws.region}{proxy_options} within "
            f"{self._opening:g} s; where its certificate is not trusted, set AWS_CA_BUNDLE"
        )


class Stream(TranscribeStream):
    """One open stream; see TranscribeStream."""

    def __init__(
        self, started: StartStreamTranscriptionEventStream, connection: Connection, body: AudioBody, sending: float
    ) -> None:
        self._audio = started.input_stream
        self._output = started.output_stream
        self._connection = connection
        self._body = body
        self._sending = sending

    async def send(self, pcm: bytes) -> None:
        async with self._send_timeout():
            while self._body.waiting > _QUEUED and not self._connection.has_ended:  # noqa: ASYNC110
                # The runtime's thread takes it, which tells nobody.
                await asyncio.sleep(_POLL_INTERVAL)
            await self._audio.send_audio_event(audio_chunk=pcm)

    async def end(self) -> None:
        """Raises EngineUnavailable where the stream has ended already."""
        if self._connection.has_ended:
            raise EngineUnavailable(f"Amazon Transcribe: the stream had ended: {self._connection.failure}")
        async with self._send_timeout():
            await self._audio.end_stream()  # type: ignore[no-untyped-call]

    async def results(self) -> AsyncIterator[Sequence[Result]]:
        try:
            async for event in self._output:
                if isinstance(event, TranscriptEvent):
                    yield event.transcript.results
        except Exception as error:
            raise failure(error) from None
        # The SDK ends its iteration in the same way whether the service has ended the stream or the stream broke.
        if (reason := self._connection.failure) is not None:
            raise EngineUnavailable(f"Amazon Transcribe: the stream broke: {reason}")

    @asynccontextmanager
    async def _send_timeout(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._sending):
                yield
        except TimeoutError:
            raise EngineUnavailable(f"Amazon Transcribe took no audio for {self._sending:g} s") from None
        except SetupError as error:
            raise EngineUnavailable(f"Amazon Transcribe: {error}") from None

    async def close(self) -> None:
        self._body.close()
        await self._connection.close()


class _Client(TranscribeStreamingClient):
    """The SDK's client for one stream, with this project's connection and body in place of its own."""

    def __init__(
        self,
        region: str,
        endpoint: str | None,
        credentials: CredentialResolver,
        connection: Connection,
        body: AudioBody,
    ) -> None:
        resolver = None if endpoint is None else _Endpoint(endpoint)
        super().__init__(region=region, endpoint_resolver=resolver, credential_resolver=credentials)
        self._session_manager = connection
        self._serializer = _Serializer(body)
        self.body = body


class _Endpoint(BaseEndpointResolver):
    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    async def resolve(self, region: str) -> str:
        return self._endpoint


class _Serializer(TranscribeStreamingSerializer):
    def __init__(self, body: AudioBody) -> None:
        self._body = body

    def serialize_start_stream_transcription_request(
        self, endpoint: str, request_shape: StartStreamTranscriptionRequest
    ) -> Request:
        request = super().serialize_start_stream_transcription_request(endpoint, request_shape)
        request.body = self._body
        return request


class _Credentials(CredentialResolver):
    """Those that were valid when a stream opened.

    The SDK asks for them with every event, and each event's signature goes on from the request's: one that is signed
    with renewed credentials would be refused.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._held: Credentials | None = None

    async def get_credentials(self) -> Credentials:
        if self._held is None:
            held = await asyncio.to_thread(self._aws.credentials)
            self._held = Credentials(held.access_key, held.secret_key, held.token)
        return self._held


def _parameters(request: StreamRequest) -> dict[str, Any]:
    identify = bool(request.options)
    parameters: dict[str, Any] = {
        "language_code": request.language,
        "media_sample_rate_hz": request.rate,
        "media_encoding": "pcm",
        # A name for each language option, or the one of the language.
        "vocabulary_names": list(request.vocabularies) if identify else None,
        "vocabulary_name": ",".join(request.vocabularies) if not identify else None,
        "vocab_filter_names": list(request.vocabulary_filters) if identify else None,
        "vocab_filter_name": ",".join(request.vocabulary_filters) if not identify else None,
        "vocab_filter_method": request.filter_method,
        "show_speaker_label": request.speaker_labels or None,
        "enable_partial_results_stabilization": True if request.stability else None,
        "partial_results_stability": request.stability,
        "identify_language": identify or None,
        "language_options": list(request.options),
        "preferred_language": request.preferred,
    }
    return {name: value for name, value in parameters.items() if value or name == "language_code"}
