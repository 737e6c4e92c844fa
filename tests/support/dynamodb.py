"""DynamoDB tables of a test's own, and AWS calls that go wrong where a test wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from shared.aws import Aws, AwsClient
from shared.aws.session import NO_RETRIES, AwsRetries
from shared.aws.tables import create_tables, delete_tables
from shared.errors import LowLatencyTranslateError, StoreUnavailable


class FaultyAws(Aws):
    """Aws whose calls pass two hooks.

    `asked` gets a call's operation and parameters, which it may change, before it is made; `answered` its operation
    and answer, which it may change. Either may raise, or take its time. `calls` counts the calls by operation.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.asked: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None
        self.answered: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None
        self.calls: dict[str, int] = {}

    def client(
        self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries = NO_RETRIES
    ) -> AwsClient:
        return _FaultyClient(self, self._aws.client(service, unavailable, retries))

    def lose_answers(self, operation: str, times: int) -> None:
        """The next calls of the operation take effect, but whoever made them does not learn it."""
        left = times

        async def answered(called: str, answer: dict[str, Any]) -> None:
            nonlocal left
            if called == operation and left:
                left -= 1
                raise StoreUnavailable("the answer was lost")

        self.answered = answered

    def refuse(self, error: Exception | None, *operations: str) -> None:
        """Calls of the operations (of all, where none is named) fail from now on; None ends it."""

        async def asked(called: str, parameters: dict[str, Any]) -> None:
            if error is not None and (not operations or called in operations):
                raise error

        self.asked = asked


class _FaultyClient(AwsClient):
    def __init__(self, aws: FaultyAws, inner: AwsClient) -> None:
        self._aws = aws
        self._inner = inner

    @property
    def endpoint(self) -> str:
        return self._inner.endpoint

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self._aws.calls[operation] = self._aws.calls.get(operation, 0) + 1
        if self._aws.asked is not None:
            await self._aws.asked(operation, parameters)
        answer = await self._inner.call(operation, **parameters)
        if self._aws.answered is not None:
            await self._aws.answered(operation, answer)
        return answer


@pytest.fixture
def aws(aws_environment: Mapping[str, str]) -> Aws:
    """AWS as a program would find it."""
    return Aws()


@pytest.fixture
def faulty(aws: Aws) -> FaultyAws:
    """The same, with faults."""
    return FaultyAws(aws)


@pytest.fixture
async def prefix(aws: Aws) -> AsyncIterator[str]:
    """The prefix of tables that only this test uses."""
    name = f"test-{uuid4().hex[:8]}-"
    await create_tables(aws, name)
    yield name
    await delete_tables(aws, name)
