"""Streams on Amazon Kinesis."""

from shared.streams.kinesis.stream import KinesisStream, kinesis_streams

__all__ = ["KinesisStream", "kinesis_streams"]
