"""One AWS service, called without blocking the event loop, its errors sorted by what to do about them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from shared.errors import LowLatencyTranslateError, ResourceMissing, SetupError

_SERVER_ERROR = 500
#: Refusals that pass by themselves.
_PASSING = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
#: Refusals that last until somebody mends the setup.
_LASTING = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSNotFoundException",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
#: Nobody answers, or not in time, or what answers makes no sense, such as a proxy's page.
_NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, MetadataRetrievalError, ResponseParserError)
#: What a call may name as missing, with the word for it.
_RESOURCES = {"StreamName": "stream", "TableName": "table"}


class AwsError(LowLatencyTranslateError):
    """A service refused this one call; `code` is its own name for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class AwsClient:
    """Runs each call on a thread.

    A call raises SetupError where trying again is of no use before somebody has mended the setup (credentials,
    rights, a stream or table that is not there), `unavailable` where it may help, and AwsError for the rest.
    """

    def __init__(self, client: Any, unavailable: type[LowLatencyTranslateError], threads: Executor) -> None:
        self._client = client
        self._unavailable = unavailable
        self._threads = threads

    @property
    def endpoint(self) -> str:
        """Where the service is."""
        return str(self._client.meta.endpoint_url)

    def missing(self, kind: str, name: str) -> ResourceMissing:
        """The error that a stream or table of this name is not there."""
        return ResourceMissing(f"{kind} {name} does not exist at {self.endpoint}; `llt streams create` makes it")

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Calls an operation by boto3's name for it, such as `put_records`."""
        work = partial(getattr(self._client, operation), **parameters)
        try:
            answer: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except ClientError as error:
            raise self._sorted(error, operation, parameters) from None
        except _NO_ANSWER as error:
            raise self._unavailable(f"{self.endpoint} {operation}: {type(error).__name__}: {error}") from None
        except NoCredentialsError:
            raise SetupError(
                "AWS: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            ) from None
        except BotoCoreError as error:
            # What is left are credentials that are incomplete, expired or cannot be had.
            raise SetupError(f"AWS: {type(error).__name__}: {error}") from None
        return answer

    def _sorted(self, error: ClientError, operation: str, parameters: dict[str, Any]) -> LowLatencyTranslateError:
        code = error.response["Error"]["Code"]
        message = f"{self.endpoint} {operation}: {code}: {error.response['Error'].get('Message', '')}"
        if code == "ResourceNotFoundException":
            named = (self.missing(word, parameters[name]) for name, word in _RESOURCES.items() if name in parameters)
            return next(named, ResourceMissing(message))
        if code in _LASTING:
            return SetupError(message)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PASSING or status >= _SERVER_ERROR:
            return self._unavailable(message)
        return AwsError(message, code)
