"""Calling AWS: what a failed call is, by what to do about it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from shared.aws import AwsClient, AwsError
from shared.errors import LowLatencyTranslateError, ResourceMissing, SetupError, StoreUnavailable, StreamUnavailable

pytestmark = pytest.mark.hermetic

ENDPOINT = "http://kinesis.test"


def answer(code: str, status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": "says AWS"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutRecords"
    )


async def failed(
    error: Exception,
    unavailable: type[LowLatencyTranslateError] = StreamUnavailable,
    *,
    operation: str = "put_records",
    **parameters: Any,
) -> LowLatencyTranslateError:
    """What a call raises where boto3 raises `error`."""

    def call(**_: Any) -> None:
        raise error

    client = SimpleNamespace(meta=SimpleNamespace(endpoint_url=ENDPOINT), **{operation: call})
    with ThreadPoolExecutor(1) as threads, pytest.raises(LowLatencyTranslateError) as raised:
        await AwsClient(client, unavailable, threads).call(operation, **parameters)
    assert raised.value.__cause__ is None
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        *(
            answer(code)
            for code in (
                "InternalFailure",
                "KMSThrottlingException",
                "LimitExceededException",
                "ProvisionedThroughputExceededException",
                "ReplicatedWriteConflictException",
                "RequestLimitExceeded",
                "RequestThrottledException",
                "RequestTimeout",
                "RequestTimeoutException",
                "ServiceUnavailable",
                "Throttling",
                "ThrottlingException",
                "TooManyRequestsException",
                "TransactionConflictException",
                "TransactionInProgressException",
            )
        ),
        answer("408", 408),
        answer("429", 429),
        answer("Throttling", 403),
        answer("InternalFailureException", 500),
        answer("503", 503),
        boto.CredentialRetrievalError(provider="container-role", error_msg="500"),
        boto.ConnectTimeoutError(endpoint_url=ENDPOINT),
        boto.ReadTimeoutError(endpoint_url=ENDPOINT),
        boto.EndpointConnectionError(endpoint_url=ENDPOINT),
        boto.ConnectionClosedError(endpoint_url=ENDPOINT),
        boto.ProxyConnectionError(proxy_url="http://proxy.test"),
        boto.SSLError(endpoint_url=ENDPOINT, error="bad certificate"),
        boto.HTTPClientError(error="cut off"),
        boto.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseParserError("a page of HTML"),
    ],
    ids=repr,
)
async def test_what_may_pass_is_unavailable(error: Exception) -> None:
    for unavailable in (StreamUnavailable, StoreUnavailable):
        found = await failed(error, unavailable)
        assert type(found) is unavailable
        assert str(found).startswith(f"{ENDPOINT} put_records: ")


@pytest.mark.parametrize(
    "error",
    [
        *(
            answer(code)
            for code in (
                "AccessDeniedException",
                "ExpiredTokenException",
                "IncompleteSignature",
                "InvalidClientTokenId",
                "InvalidSignatureException",
                "KMSAccessDeniedException",
                "KMSDisabledException",
                "KMSInvalidStateException",
                "KMSNotFoundException",
                "KMSOptInRequired",
                "OptInRequired",
                "RequestExpired",
                "UnrecognizedClientException",
            )
        ),
        answer("AccessDenied", 403),
        answer("403", 403),
        answer("407", 407),
        boto.NoCredentialsError(),
        boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        boto.TokenRetrievalError(provider="sso", error_msg="expired"),
        boto.SSOTokenLoadError(error_msg="no token"),
        boto.UnauthorizedSSOTokenError(),
    ],
    ids=repr,
)
async def test_what_somebody_must_mend_is_a_setup_error(error: Exception) -> None:
    found = await failed(error, StreamName="words")
    assert type(found) is SetupError


async def test_missing_credentials_are_told_with_what_to_set() -> None:
    assert "AWS_ACCESS_KEY_ID" in str(await failed(boto.NoCredentialsError()))


async def test_a_missing_stream_or_table_is_named_with_how_to_make_it() -> None:
    missing = answer("ResourceNotFoundException")
    for parameters, named in (({"StreamName": "words"}, "stream words"), ({"TableName": "Sessions"}, "table Sessions")):
        found = await failed(missing, **parameters)  # type: ignore[arg-type]
        assert type(found) is ResourceMissing
        assert str(found) == f"{named} does not exist at {ENDPOINT}; `llt streams create` makes it"
    found = await failed(missing, Other="x")
    assert type(found) is ResourceMissing
    assert "says AWS" in str(found)


@pytest.mark.parametrize("code", ["ValidationException", "ExpiredIteratorException", "ConditionalCheckFailedException"])
async def test_a_refusal_of_this_one_call_carries_the_services_own_code(code: str) -> None:
    found = await failed(answer(code))
    assert isinstance(found, AwsError)
    assert found.code == code
    assert str(found) == f"{ENDPOINT} put_records: {code}: says AWS"


async def test_a_mistake_of_the_caller_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), ThreadPoolExecutor(1) as threads:
        client = SimpleNamespace(list_shards=lambda **_: 1 // 0, meta=SimpleNamespace(endpoint_url=ENDPOINT))
        await AwsClient(client, StreamUnavailable, threads).call("list_shards", StreamName="words")


async def test_calls_run_beside_the_event_loop_and_beside_each_other() -> None:
    first, second = Event(), Event()

    def put_records(*, StreamName: str) -> dict[str, str]:  # noqa: N803
        mine, other = (first, second) if StreamName == "a" else (second, first)
        mine.set()
        assert other.wait(10)
        return {"StreamName": StreamName}

    client = SimpleNamespace(put_records=put_records, meta=SimpleNamespace(endpoint_url=ENDPOINT))
    with ThreadPoolExecutor(2) as threads:
        calls = AwsClient(client, StreamUnavailable, threads)
        assert calls.endpoint == ENDPOINT
        answers = await asyncio.gather(*(calls.call("put_records", StreamName=name) for name in "ab"))
    assert answers == [{"StreamName": "a"}, {"StreamName": "b"}]
