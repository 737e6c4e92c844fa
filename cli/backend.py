"""The backend that a command shares with other processes, and the settings that lead there."""

from __future__ import annotations

from processors.backend import Backend, Reader, kinesis
from shared.errors import SettingError
from shared.settings import Settings

#: The settings that name streams and tables, and those that a program needs which speaks or listens on them. One that
#: runs no stage refuses no other: Kubernetes sets METRICS_PORT for a service of that name.
NAMES = ("STREAM_PREFIX", "TABLE_PREFIX")
REACH = ("STREAMS", *NAMES, "SINK_READ_INTERVAL")


def shared_backend(settings: Settings, streams: str | None, reader: Reader) -> Backend:
    """A backend that several processes reach; the option `streams` goes before the setting STREAMS.

    Raises SettingError for one that they do not, and SetupError where AWS is not set up.
    """
    chosen = streams or settings.streams
    if chosen != "kinesis":
        raise SettingError(
            f"STREAMS={chosen}: expected kinesis, since other processes are to reach the streams; "
            "add --streams kinesis, or set STREAMS=kinesis"
        )
    return kinesis(settings, reader)
