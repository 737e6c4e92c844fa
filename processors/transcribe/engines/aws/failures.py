"""What the failures of amazon-transcribe, and of the runtime below it, mean here."""

from __future__ import annotations

import re

from amazon_transcribe.exceptions import (
    BadRequestException,
    LimitExceededException,
    ServiceException,
    UnknownServiceException,
)

from shared.errors import EngineUnavailable, UnsupportedLanguage
from shared.proxies import Proxy

_LANGUAGE = re.compile(r"language[ -]?code|language ?options|language .*not supported", re.IGNORECASE)
#: Errors whose message names who may not do what. That of a wrong signature repeats the request with its token.
_RIGHTS = frozenset({"AccessDenied", "AccessDeniedException"})
_UNAUTHORISED = (401, 403)


def failure(
    error: Exception, *, opening: bool = False, proxy: Proxy | None = None
) -> EngineUnavailable | UnsupportedLanguage:
    """The error to raise for what amazon-transcribe raised, on a connection through `proxy`."""
    if isinstance(error, UnknownServiceException):
        return EngineUnavailable(f"Amazon Transcribe: {_refusal(error)}")
    if isinstance(error, ServiceException):
        name, message = type(error).__name__, str(getattr(error, "message", error))
        if opening and isinstance(error, BadRequestException) and _LANGUAGE.search(message):
            return UnsupportedLanguage(f"Amazon Transcribe: {message}")
        throttling = "throttled: " if isinstance(error, LimitExceededException) else ""
        return EngineUnavailable(f"Amazon Transcribe: {throttling}{name}: {message}")
    if proxy is not None and "PROXY" in str(error):
        # The runtime does not tell with which status.
        return EngineUnavailable(
            f"Amazon Transcribe: the proxy {proxy} refused the connection: {error}; see HTTPS_PROXY and NO_PROXY"
        )
    trust = "; where its certificate is not trusted, see AWS_CA_BUNDLE" if "AWS_IO_TLS" in str(error) else ""
    return EngineUnavailable(f"Amazon Transcribe: {type(error).__name__}: {error}{trust}")


def _refusal(error: UnknownServiceException) -> str:
    code = str(error.error_code)
    if error.status_code == 429 or "Throttl" in code:
        return f"throttled: HTTP {error.status_code} {code}"
    if code in _RIGHTS:
        return f"{code}: {error.message}"
    if error.status_code in _UNAUTHORISED:
        return f"HTTP {error.status_code} {code}: the credentials are not accepted; see AWS_ACCESS_KEY_ID, AWS_PROFILE"
    return f"HTTP {error.status_code} {code}"
