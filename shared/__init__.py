"""The words every part of the pipeline speaks: records, codec, settings, sessions, streams, metrics."""
