from __future__ import annotations

from typing import Any

import pytest
from amazon_transcribe import exceptions

from processors.transcribe.engines.aws.failures import failure
from shared.errors import EngineUnavailable, UnsupportedLanguage

pytestmark = pytest.mark.hermetic

#: Its exceptions are made without types.
sdk: Any = exceptions


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (sdk.LimitExceededException("too many streams"), "throttled: LimitExceededException: too many streams"),
        (sdk.ServiceUnavailableException("busy"), "ServiceUnavailableException: busy"),
        (sdk.InternalFailureException("oops"), "InternalFailureException: oops"),
        (sdk.ConflictException("another stream"), "ConflictException: another stream"),
        (sdk.BadRequestException("no new audio"), "BadRequestException: no new audio"),
        (sdk.UnknownServiceException(429, "TooManyRequests", "slow down"), "throttled: HTTP 429 TooManyRequests"),
        (sdk.UnknownServiceException(400, "ThrottlingException", "slow down"), "throttled: HTTP 400 Throttling"),
        (sdk.UnknownServiceException(502, "Unknown", "a proxy's page"), "HTTP 502 Unknown"),
        (sdk.UnknownServiceException(403, "AccessDeniedException", "x may not do y"), "AccessDeniedException: x may"),
        (sdk.HTTPException("no connection"), "HTTPException: no connection"),
    ],
)
def test_what_may_pass_says_what_it_was(error: Exception, told: str) -> None:
    made = failure(error, opening=True)
    assert isinstance(made, EngineUnavailable)
    assert told in str(made)


@pytest.mark.parametrize("code", ["InvalidSignatureException", "UnrecognizedClientException", "ExpiredTokenException"])
def test_credentials_that_are_refused_are_said_to_be_without_the_request_that_the_service_repeats(code: str) -> None:
    message = "The canonical string should have been 'POST x-amz-security-token:the-token'"
    told = str(failure(sdk.UnknownServiceException(403, code, message), opening=True))
    assert code in told
    assert "the credentials are not accepted" in told
    assert "the-token" not in told


def test_a_language_that_the_service_does_not_know_is_so_for_ever_but_only_at_the_opening() -> None:
    error = sdk.BadRequestException("Value 'xx-XX' at 'languageCode' failed to satisfy constraint")
    assert isinstance(failure(error, opening=True), UnsupportedLanguage)
    assert isinstance(failure(error), EngineUnavailable)
