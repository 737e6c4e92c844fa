"""HTTP/2, TLS and the event stream, where the client of AWS does not show them."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from h2.errors import ErrorCodes

from emulators.certificates import Certificates
from emulators.faults import Faults
from emulators.transcribe import TranscribeServer
from emulators.transcribe.eventstream import encode
from shared.errors import EngineUnavailable
from tests.integration.emulators.transcribe.counting_engine import CountingEngine
from tests.integration.emulators.transcribe.http2_client import HEADERS, audio_event, connected
from tests.integration.emulators.transcribe.streaming_client import SCRIPT, SECRET, demo, engine, silence
from tests.support.waiting import TIMEOUT

pytestmark = pytest.mark.system


async def test_the_request_comes_back_in_the_headers(certificates: Certificates) -> None:
    asked = HEADERS | {
        "x-amzn-transcribe-enable-partial-results-stabilization": "true",
        "x-amzn-transcribe-partial-results-stability": "medium",
        "x-amzn-transcribe-session-id": "0ab8f2c4-1d2e-4f60-8a7b-123456789abc",
    }
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.request(asked)
        await client.send(audio_event(b""))
        await client.until_over(answer)
    assert answer.headers[":status"] == "200"
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert asked.items() <= answer.headers.items()
    assert answer.headers["x-amzn-request-id"]
    assert (answer.body, answer.ended) == (b"", True)


async def test_the_language_that_was_identified_is_told_with_its_score(certificates: Certificates) -> None:
    asked = HEADERS | {
        "x-amzn-transcribe-identify-language": "true",
        "x-amzn-transcribe-language-options": "en-GB,en-US",
        "x-amzn-transcribe-preferred-language": "en-US",
    }
    del asked["x-amzn-transcribe-language-code"]
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.request(asked)
        await client.send(audio_event(silence()), end=True)
        await client.until_over(answer)
    told = [(result["LanguageCode"], result["LanguageIdentification"]) for result in answer.transcripts]
    assert told == [("en-US", [{"LanguageCode": "en-US", "Score": 1.0}])] * len(SCRIPT.results)


async def test_there_is_nothing_at_another_path(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.until_over(await client.request(path="/medical-stream-transcription"))
    assert (answer.headers[":status"], answer.headers["x-amzn-errortype"]) == ("404", "UnknownOperationException")


@pytest.mark.parametrize("byte", [9, 40, -1], ids=["prelude", "headers", "checksum"])
async def test_a_corrupt_message_ends_the_stream(certificates: Certificates, byte: int) -> None:
    corrupt = bytearray(audio_event(silence(0.1)))
    corrupt[byte] ^= 1
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.request()
        await client.send(bytes(corrupt))
        await client.until_over(answer)
    [(kind, message)] = answer.exceptions
    assert (kind, answer.ended) == ("BadRequestException", True)
    assert "could not be read" in message


async def test_only_audio_events_are_taken(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.request()
        await client.send(encode({":message-type": "event", ":event-type": "VideoEvent"}, b"frames"))
        await client.until_over(answer)
    assert answer.exceptions == [("BadRequestException", "Expected an AudioEvent, got 'VideoEvent'")]


async def test_a_request_without_a_signature_is_refused_where_signatures_are_checked(
    certificates: Certificates,
) -> None:
    async with (
        TranscribeServer(engine(), certificates, Faults(), secret=SECRET) as server,
        connected(server, certificates) as client,
    ):
        answer = await client.until_over(await client.request())
    assert (answer.headers[":status"], answer.headers["x-amzn-errortype"]) == ("400", "BadRequestException")


async def test_a_second_stream_is_refused_while_the_first_is_open(certificates: Certificates) -> None:
    async with TranscribeServer(engine(), certificates, Faults()) as server, connected(server, certificates) as client:
        first = await client.request()
        second = await client.until_over(await client.request())
        assert second.reset == ErrorCodes.REFUSED_STREAM
        await client.send(audio_event(silence()), end=True)
        await client.until_over(first)
        third = await client.request()
        await client.send(b"", number=5, end=True)
        await client.until_over(third)
    assert len(first.transcripts) == len(SCRIPT.results)
    assert (third.headers[":status"], third.ended) == ("200", True)


async def test_an_answer_waits_for_the_window_of_its_reader(certificates: Certificates) -> None:
    script, pcm = demo()
    async with (
        TranscribeServer(engine(script), certificates, Faults()) as server,
        connected(server, certificates) as client,
    ):
        client.acknowledge = False
        answer = await client.request()
        # Ten times more than the window of a server that does not give it back.
        await client.send(b"".join(audio_event(pcm[at : at + 6400]) for at in range(0, len(pcm), 6400)), end=True)
        async with asyncio.timeout(TIMEOUT):
            while len(answer.body) < 65535:
                await client.receive()
        await client.ping()
        assert (len(answer.body), answer.ended) == (65535, False)
        client.http.increment_flow_control_window(1 << 20)
        client.http.increment_flow_control_window(1 << 20, 1)
        await client.flush()
        await client.until_over(answer)
    assert len(answer.transcripts) == len(script.results)


async def test_tls_below_1_2_is_refused(certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.bundle))
    # Without it OpenSSL does not even offer the old versions.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        port = int(server.endpoint.rpartition(":")[2])
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.2"
        writer.transport.abort()


async def test_a_client_that_does_not_offer_http_2_is_hung_up_on(certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.bundle))
    async with TranscribeServer(engine(), certificates, Faults()) as server:
        port = int(server.endpoint.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("leave", ["disconnect", "reset", "end", "server"])
async def test_a_take_is_closed_however_its_stream_ends(certificates: Certificates, leave: str) -> None:
    counting = CountingEngine()
    async with TranscribeServer(counting, certificates, Faults()) as server:
        async with connected(server, certificates) as client:
            answer = await client.request()
            await client.send(audio_event(silence(1)))
            while not answer.headers:
                await client.receive()
            assert len(counting.takes) == 1
            if leave == "reset":
                client.http.reset_stream(1)
                await client.flush()
            elif leave == "end":
                await client.send(b"", end=True)
                await client.until_over(answer)
            elif leave == "server":
                await server.close()
        async with asyncio.timeout(TIMEOUT):
            await counting.closed.wait()
    assert (counting.opened, counting.takes) == (1, set())


@pytest.mark.parametrize(
    ("counting", "kind"),
    [
        (CountingEngine(EngineUnavailable("the model is gone")), "ServiceUnavailableException"),
        (CountingEngine(drop_at=[500]), "InternalFailureException"),
    ],
)
async def test_an_engine_that_fails_on_the_way_ends_the_stream(
    certificates: Certificates, counting: CountingEngine, kind: str
) -> None:
    async with TranscribeServer(counting, certificates, Faults()) as server, connected(server, certificates) as client:
        answer = await client.request()
        await client.send(audio_event(silence(1)))
        await client.until_over(answer)
    assert ([told for told, _ in answer.exceptions], answer.ended) == ([kind], True)
    assert (counting.opened, counting.takes) == (1, set())


async def test_an_engine_that_cannot_open_is_a_service_unavailable(certificates: Certificates) -> None:
    async with (
        TranscribeServer(engine(refuse_opens=1), certificates, Faults()) as server,
        connected(server, certificates) as client,
    ):
        answer = await client.until_over(await client.request())
    assert (answer.headers[":status"], answer.headers["x-amzn-errortype"]) == ("503", "ServiceUnavailableException")
