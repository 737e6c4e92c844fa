"""The errors that AWS models for a service, on their way to its caller."""

from __future__ import annotations

from shared.errors import LowLatencyTranslateError


class ServiceError(LowLatencyTranslateError):
    """A request that is answered with the error `code`, such as InvalidSsmlException, and an HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
