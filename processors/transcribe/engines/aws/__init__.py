"""Amazon Transcribe, by its streaming API."""

from processors.transcribe.engines.aws.engine import AwsEngine

__all__ = ["AwsEngine"]
