"""The modelled exceptions of the service."""

from __future__ import annotations

import orjson

from emulators.service_error import ServiceError


class TranscribeError(ServiceError):
    """An exception of Transcribe's model, on its way to the caller."""

    def body(self) -> bytes:
        """The JSON in which it is told, in an HTTP response and in an event alike."""
        return orjson.dumps({"Message": str(self)})


class BadRequest(TranscribeError):
    """The caller asked wrongly, or sent what cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__("BadRequestException", message)


class UnknownOperation(TranscribeError):
    """There is nothing at this path."""

    def __init__(self, message: str) -> None:
        super().__init__("UnknownOperationException", message, 404)


class Conflict(TranscribeError):
    """A newer stream has taken the session."""

    def __init__(self, message: str) -> None:
        super().__init__("ConflictException", message, 409)


class LimitExceeded(TranscribeError):
    """The caller asked too much."""

    def __init__(self, message: str) -> None:
        super().__init__("LimitExceededException", message, 429)


class InternalFailure(TranscribeError):
    """The service failed."""

    def __init__(self, message: str) -> None:
        super().__init__("InternalFailureException", message, 500)


class ServiceUnavailable(TranscribeError):
    """The service fails for now."""

    def __init__(self, message: str) -> None:
        super().__init__("ServiceUnavailableException", message, 503)
