"""Two stores of one table."""

from __future__ import annotations

import pytest

from shared.aws import Aws
from shared.sessions.dynamodb import DynamoDbSessionStore
from tests.support.session_store_cases import TALK


@pytest.fixture
async def store(aws: Aws, prefix: str) -> DynamoDbSessionStore:
    made = DynamoDbSessionStore(aws, prefix)
    await made.create(TALK)
    return made


@pytest.fixture
def other(aws: Aws, prefix: str) -> DynamoDbSessionStore:
    """The same table for another process."""
    return DynamoDbSessionStore(aws, prefix)
