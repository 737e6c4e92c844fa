"""Tables of the test's own."""

from tests.support.dynamodb import aws, faulty, prefix

__all__ = ["aws", "faulty", "prefix"]
