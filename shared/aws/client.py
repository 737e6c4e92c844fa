"""One AWS service, called without blocking the event loop, its errors classified by what to do about them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError
from botocore.retries.standard import RetryContext, ThrottledRetryableChecker, TransientRetryableChecker

from shared.aws.credentials import NO_CREDENTIALS, Profile
from shared.errors import LowLatencyTranslateError, ResourceMissing, SetupError

#: Statuses of transient refusals, beside all from 500 on.
_TRANSIENT_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
#: Statuses of permanent refusals, unless the code says otherwise.
_PERMANENT_STATUSES = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
)
#: What botocore itself would retry, by the service's code.
_RETRIED = (ThrottledRetryableChecker(), TransientRetryableChecker())
#: Transient refusals that are not among those.
_TRANSIENT = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "ReplicatedWriteConflictException",
        "ServiceUnavailable",
        "TransactionConflictException",
    }
)
#: Permanent refusals: they last until somebody mends the setup.
_PERMANENT = frozenset(
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
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "KMSOptInRequired",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        # This machine's clock is wrong.
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
#: Nobody answers, or not in time, or what answers makes no sense, such as a proxy's page. Credentials that cannot
#: be had at all fail when the client is made: in a call it is those held that could not be renewed just now.
_NO_ANSWER = (
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    ResponseParserError,
)
#: What brings new credentials, such as a credential_process, is no longer there.
_GONE = (FileNotFoundError, NotADirectoryError, PermissionError)
#: What a call may name as missing, with the word for it.
_RESOURCES = {"StreamName": "stream", "TableName": "table"}


class AwsError(LowLatencyTranslateError):
    """A service refused this one call; `code` is its own name for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class AwsClient:
    """Runs each call on a thread.

    A call raises SetupError where a retry is of no use before somebody has mended the setup (credentials,
    rights, a stream or table that is not there), `unavailable` where it may help, and AwsError for the rest.
    """

    def __init__(
        self,
        client: Any,
        unavailable: type[LowLatencyTranslateError],
        threads: Executor,
        profile: Profile | None = None,
    ) -> None:
        self._client = client
        self._unavailable = unavailable
        self._threads = threads
        self._profile = profile

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
            raise self._classified(error, operation, parameters) from None
        except _NO_ANSWER as error:
            raise self._unavailable(f"{self.endpoint} {operation}: {type(error).__name__}: {error}") from None
        except NoCredentialsError:
            raise SetupError(NO_CREDENTIALS) from None
        except BotoCoreError as error:
            # What is left are credentials that are incomplete or expired.
            raise self._refused(error) from None
        except _GONE as error:
            raise self._refused(error) from None
        except (OSError, JSONDecodeError) as error:
            # Of what brings new credentials: the connection's have errors of their own.
            raise self._unavailable(f"AWS: credentials: {type(error).__name__}: {error}") from None
        return answer

    def _refused(self, error: Exception) -> SetupError:
        return (
            SetupError(f"AWS: {type(error).__name__}: {error}")
            if self._profile is None
            else self._profile.refused(error)
        )

    def _classified(self, error: ClientError, operation: str, parameters: dict[str, Any]) -> LowLatencyTranslateError:
        code = error.response["Error"]["Code"]
        message = f"{self.endpoint} {operation}: {code}: {error.response['Error'].get('Message', '')}"
        if code == "ResourceNotFoundException":
            named = (self.missing(word, parameters[name]) for name, word in _RESOURCES.items() if name in parameters)
            return next(named, ResourceMissing(message))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PERMANENT:
            return SetupError(message)
        if _is_transient(code, status, error.response):
            return self._unavailable(message)
        return SetupError(message) if status in _PERMANENT_STATUSES else AwsError(message, code)


def _is_transient(code: str, status: int, response: dict[str, Any]) -> bool:
    if code in _TRANSIENT or status in _TRANSIENT_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    context = RetryContext(1, parsed_response=response)
    return any(checker.is_retryable(context) for checker in _RETRIED)
