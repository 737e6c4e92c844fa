"""A client that shows what the real one hides: frames, headers and messages as they come."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import orjson
from botocore.eventstream import EventStreamBuffer
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    PingAckReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    SettingsAcknowledged,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)

from emulators.certificates import Certificates
from emulators.transcribe import TranscribeServer
from emulators.transcribe.eventstream import encode
from tests.integration.emulators.transcribe.streaming_client import RATE
from tests.support.waiting import TIMEOUT

HEADERS = {
    "x-amzn-transcribe-language-code": "en-US",
    "x-amzn-transcribe-sample-rate": str(RATE),
    "x-amzn-transcribe-media-encoding": "pcm",
}
#: Frames that say nothing about a stream.
_ASIDE = (RemoteSettingsChanged, SettingsAcknowledged, WindowUpdated)


def audio_event(pcm: bytes) -> bytes:
    headers = {":message-type": "event", ":event-type": "AudioEvent", ":content-type": "application/octet-stream"}
    return encode(headers, pcm)


class Answer:
    """What came on one stream."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.ended = False
        self.reset: int | None = None

    @property
    def over(self) -> bool:
        return self.ended or self.reset is not None

    @property
    def transcripts(self) -> list[dict[str, object]]:
        """The results."""
        return [
            result
            for kind, body in self._messages()
            if kind == "TranscriptEvent"
            for result in orjson.loads(body)["Transcript"]["Results"]
        ]

    @property
    def exceptions(self) -> list[tuple[str, str]]:
        """Kind and message of the exceptions."""
        return [(kind, orjson.loads(body)["Message"]) for kind, body in self._messages() if kind != "TranscriptEvent"]

    def _messages(self) -> list[tuple[str, bytes]]:
        buffer = EventStreamBuffer()
        buffer.add_data(self.body)
        return [(m.headers.get(":event-type") or m.headers[":exception-type"], m.payload) for m in buffer]


class Http2Client:
    """An HTTP/2 connection; `acknowledge` tells whether it gives back the window that answers take."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.http = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.http.initiate_connection()
        self.acknowledge = True
        self.answers: dict[int, Answer] = {}
        self.pinged = 0
        self.lost = False

    async def flush(self) -> None:
        self._writer.write(self.http.data_to_send())
        await self._writer.drain()

    async def request(self, headers: Mapping[str, str] | None = None, path: str = "/stream-transcription") -> Answer:
        """Opens a stream."""
        number = self.http.get_next_available_stream_id()
        pseudo = {":method": "POST", ":path": path, ":scheme": "https", ":authority": "localhost"}
        self.http.send_headers(number, list((pseudo | dict(HEADERS if headers is None else headers)).items()))
        self.answers[number] = Answer()
        await self.flush()
        return self.answers[number]

    async def send(self, data: bytes, number: int = 1, *, end: bool = False) -> None:
        """Sends a body as the server's window allows."""
        while data:
            while not (room := min(self.http.local_flow_control_window(number), self.http.max_outbound_frame_size)):
                await self.receive()
            self.http.send_data(number, data[:room])
            data = data[room:]
            await self.flush()
        if end:
            self.http.end_stream(number)
            await self.flush()

    async def receive(self) -> None:
        """Takes what comes next."""
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            data = b""
        self.lost = not data
        for event in self.http.receive_data(data) if data else ():
            self._take(event)
        if not self.lost:
            await self.flush()

    async def until_over(self, answer: Answer) -> Answer:
        """Receives until the stream or the connection has ended."""
        async with asyncio.timeout(TIMEOUT):
            while not (answer.over or self.lost):
                await self.receive()
        return answer

    async def ping(self) -> None:
        """Returns when the server has answered all that came before."""
        before = self.pinged
        self.http.ping(b"12345678")
        await self.flush()
        async with asyncio.timeout(TIMEOUT):
            while self.pinged == before and not self.lost:
                await self.receive()

    def _take(self, event: Event) -> None:
        match event:
            case ResponseReceived():
                self.answers[event.stream_id].headers = dict(event.headers)  # type: ignore[arg-type]
            case DataReceived():
                self.answers[event.stream_id].body += event.data
                if self.acknowledge:
                    self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self.answers[event.stream_id].ended = True
            case StreamReset():
                self.answers[event.stream_id].reset = int(event.error_code)
            case PingAckReceived():
                self.pinged += 1
            case _:
                assert isinstance(event, _ASIDE), event


@asynccontextmanager
async def connected(server: TranscribeServer, certificates: Certificates) -> AsyncIterator[Http2Client]:
    """A connection to the server."""
    context = ssl.create_default_context(cafile=str(certificates.bundle))
    context.set_alpn_protocols(["h2"])
    port = int(server.endpoint.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    client = Http2Client(reader, writer)
    await client.flush()
    try:
        yield client
    finally:
        writer.transport.abort()
