"""The words every part of the pipeline speaks: records, codec, settings, sessions, streams, metrics."""

#: What this project is called where pip installs it. The other packages know by it that `shared` is this one.
DISTRIBUTION = "low-latency-translate"
