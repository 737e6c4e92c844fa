"""What a user is told of an error: one line that says what to do, and the exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from botocore.exceptions import ConnectionError, HTTPClientError, ProxyConnectionError

from cli.console import print_stderr
from shared.errors import (
    LowLatencyTranslateError,
    ScriptError,
    SettingError,
    SetupError,
    StoreUnavailable,
    StreamUnavailable,
    UnsupportedLanguage,
)
from shared.remedies import START_LOCALSTACK

FAILED, WRONG_USAGE, STOPPED, READER_GONE = 1, 2, 130, 141


def explained(error: BaseException, environ: Mapping[str, str] = os.environ) -> tuple[str, int]:
    """What a user can make of the error, and the exit code; of several that came together, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, SettingError | UnsupportedLanguage):
        return _with_notes(error), WRONG_USAGE
    if isinstance(error, ScriptError):
        # Only the recogniser plays scripts; the error begins with the file's name.
        return f"RECOGNISER=scripted:{error}", WRONG_USAGE
    if isinstance(error, SetupError) and (bare := _bare_endpoint(error, environ)):
        return f"AWS_ENDPOINT_URL={bare}: http:// is missing; set AWS_ENDPOINT_URL=http://{bare}", WRONG_USAGE
    if line := unanswered(error, environ):
        return line, FAILED
    if isinstance(error, LowLatencyTranslateError | OSError):
        return _with_notes(error), FAILED
    return f"unexpected {type(error).__name__}: {error}; llt --verbose shows where it came from", FAILED


def unanswered(error: BaseException, environ: Mapping[str, str] = os.environ) -> str:
    """Where nobody answers and what to do about it; empty where the error is another one."""
    if not isinstance(error, StreamUnavailable | StoreUnavailable):
        return ""
    for cause in _causes(error):
        if isinstance(cause, ProxyConnectionError):
            # Its credentials are masked.
            return f"no way through the proxy {cause.kwargs.get('proxy_url')}; see HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        if isinstance(cause, ConnectionError | HTTPClientError):
            where = cause.kwargs.get("endpoint_url") or environ.get("AWS_ENDPOINT_URL") or "AWS"
            remedy = (
                f"is AWS_ENDPOINT_URL right? If LocalStack is meant, start it ({START_LOCALSTACK})"
                if environ.get("AWS_ENDPOINT_URL")
                else "check the network and AWS_REGION, or set AWS_ENDPOINT_URL if LocalStack is meant"
            )
            return f"nobody answers at {str(where).rstrip('/')}; {remedy}"
    return ""


def note(line: str) -> None:
    """Tells the user, beside a command's own output, what it makes of something doubtful."""
    print_stderr(f"llt: {' '.join(line.split())}")


def _with_notes(error: BaseException) -> str:
    return "; ".join([str(error), *getattr(error, "__notes__", ())])


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What the error came of, the nearest first."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _bare_endpoint(error: BaseException, environ: Mapping[str, str]) -> str:
    """AWS_ENDPOINT_URL where that is what botocore refused, for want of a scheme."""
    endpoint = environ.get("AWS_ENDPOINT_URL", "")
    refused = any(isinstance(cause, ValueError) for cause in _causes(error))
    return endpoint if refused and "://" not in endpoint else ""
