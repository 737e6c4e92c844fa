"""The fixtures that every test may use."""

from tests.support.localstack import aws_environment, localstack, observer

__all__ = ["aws_environment", "localstack", "observer"]
