"""The properties that the MultiLangDaemon starts with."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.hosts.kcl.application import Application
from shared.errors import SettingError
from shared.settings import Settings

#: Seconds that the children have to drain once a shutdown is requested. KCL cuts off a slower one.
GRACE = 20.0
#: What makes starts and handovers quick, and keeps the daemon to what it is needed for.
_ALWAYS = {
    "processingLanguage": f"python/{sys.version_info.major}.{sys.version_info.minor}",
    # The SDK's own chain: environment, profile, web identity, container, instance.
    "AwsCredentialsProvider": "DefaultCredentialsProvider",
    "metricsLevel": "NONE",
    "disableWorkerMetrics": "true",
    # A child that died on a quiet shard would otherwise go unnoticed, and none could checkpoint there.
    "callProcessRecordsEvenForEmptyRecordList": "true",
    "skipShardSyncAtWorkerInitializationIfLeasesExist": "true",
    "shardSyncIntervalMillis": "500",
    "parentShardPollIntervalMillis": "500",
    "leaseAssignmentIntervalMillis": "1000",
    "workerMetricsReporterFreqInMillis": "1000",
    "inMemoryWorkerMetricsCaptureFrequencyMillis": "1000",
    "maxLeasesToStealAtOneTime": "4",
    "shutdownGraceMillis": f"{GRACE * 1000:.0f}",
}
_MODES = {"2x": "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X", "3x": "CLIENT_VERSION_CONFIG_3X"}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where AWS is: a region and the two services' addresses, as boto3 resolves them."""

    region: str
    kinesis: str
    dynamodb: str


def properties(
    application: Application, settings: Settings, worker: str, child: Sequence[str], endpoints: Endpoints
) -> dict[str, str]:
    """What the daemon of `worker` is told; `child` is the command of its children, and its program is sought in PATH.

    The daemon splits that command at spaces: raises SettingError where a word of it holds one.
    """
    if any(not word or word.split() != [word] for word in child):
        raise SettingError(f"KCL: expected a child's command without spaces in its words, got {list(child)}")
    return _ALWAYS | {
        "executableName": " ".join(child),
        "applicationName": application.name,
        "streamName": application.stream,
        "workerId": worker,
        "regionName": endpoints.region,
        "kinesisEndpoint": endpoints.kinesis,
        "dynamoDBEndpoint": endpoints.dynamodb,
        "initialPositionInStream": settings.kcl_initial_position.upper(),
        "retrievalMode": settings.kcl_retrieval.upper(),
        "idleTimeBetweenReadsInMillis": f"{settings.worker_read_interval * 1000:.0f}",
        "failoverTimeMillis": f"{settings.kcl_failover_time * 1000:.0f}",
        "clientVersionConfig": _MODES[settings.kcl_mode],
    }


def write(file: Path, values: Mapping[str, str]) -> None:
    """Writes a Java properties file."""
    file.write_text("".join(f"{name} = {_escaped(value)}\n" for name, value in values.items()), encoding="ascii")


def _escaped(value: str) -> str:
    units = value.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    # A backslash begins an escape, and what is not ASCII would be read as Latin-1.
    plain = range(ord(" "), ord("~") + 1)
    return "".join(chr(code) if code in plain and chr(code) != "\\" else f"\\u{code:04x}" for code in codes)
