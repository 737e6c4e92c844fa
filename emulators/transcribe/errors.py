"""The modelled exceptions of the service."""

from __future__ import annotations

from typing import ClassVar

import orjson

from shared.errors import LowLatencyTranslateError


class TranscribeError(LowLatencyTranslateError):
    """An exception of the service's model: `kind` names it there, `status` is its HTTP status."""

    kind: ClassVar[str]
    status: ClassVar[int]

    def body(self) -> bytes:
        """The JSON in which it is told, in an HTTP response and in an event alike."""
        return orjson.dumps({"Message": str(self)})


class BadRequest(TranscribeError):
    """The caller asked wrongly, or sent what cannot be read."""

    kind = "BadRequestException"
    status = 400


class UnknownOperation(TranscribeError):
    """There is nothing at this path."""

    kind = "UnknownOperationException"
    status = 404


class Conflict(TranscribeError):
    """A newer stream has taken the session."""

    kind = "ConflictException"
    status = 409


class LimitExceeded(TranscribeError):
    """The caller asked too much."""

    kind = "LimitExceededException"
    status = 429


class InternalFailure(TranscribeError):
    """The service failed."""

    kind = "InternalFailureException"
    status = 500


class ServiceUnavailable(TranscribeError):
    """The service fails for now."""

    kind = "ServiceUnavailableException"
    status = 503
