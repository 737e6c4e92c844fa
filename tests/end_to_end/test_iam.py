"""What each role asks of AWS, as LocalStack and the emulators log it, is what infra/iam/actions.json grants.

The roles run one after the other, each on what the one before has left on the streams, so that what is logged
meanwhile is one role's.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from infra.local.localstack.server import LocalStack
from tests.end_to_end.deployment import ROOT, Deployment, LltProcess
from tests.end_to_end.excerpt import excerpt
from tests.end_to_end.kcl_worker import STAGES, Worker
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.kcl, pytest.mark.alone, pytest.mark.soak]

ROLES = ("producer", *STAGES, "sink", "operator")
#: Role -> "always": actions; "at times": actions with when.
GRANTED: Mapping[str, Mapping[str, Any]] = json.loads((ROOT / "infra/iam/actions.json").read_text(encoding="utf-8"))
#: A worker of dedup, which is no other than the rest in this, that reads by enhanced fan-out.
FANOUT = "dedup, by enhanced fan-out"
_CALL = re.compile(r"\bAWS (\w+)\.(\w+)")
#: Seconds in which a worker does all it ever does: it renews leases, checkpoints, looks for resharding.
WORKING = 8.0


class Log:
    """What was asked of the servers that write these logs, as `service:Operation`, which is how IAM names it."""

    def __init__(self, *texts: Callable[[], str]) -> None:
        self._texts = texts
        self._seen = [0] * len(texts)

    def calls(self) -> set[str]:
        """Those since the last `take`."""
        new = [text()[seen:] for text, seen in zip(self._texts, self._seen, strict=True)]
        return {":".join(call) for call in _CALL.findall("\n".join(new))}

    def take(self) -> set[str]:
        """Those since the last `take`, for the last time."""
        calls = self.calls()
        self._seen = [len(text()) for text in self._texts]
        return calls


def publishes(log: Log) -> Callable[[], bool]:
    return lambda: bool(log.calls() & {"kinesis:PutRecord", "kinesis:PutRecords"})


def work(deployment: Deployment, log: Log, stage: str, *, publishing: bool = True) -> set[str]:
    """One worker of the stage, from its start until it has drained."""
    log.take()
    worker = Worker(deployment, stage).up()
    if publishing:
        wait_until(publishes(log), f"what {stage} publishes; {worker.llt.stderr}")
    worker.until_serving()
    time.sleep(WORKING)
    assert worker.terminate() == 0, worker.llt.stderr
    return log.take()


def emulated(deployment: Deployment) -> LltProcess:
    """The emulators, which tell what they are asked; the deployment's commands use them."""
    file = deployment.folder / "emulated.env"
    script = deployment.environment["RECOGNISER"]
    emulators = deployment.llt(
        "--verbose", "emulate", "--recogniser", script, "--env-file", str(file), "--", "sleep", "600"
    )
    emulators.until(lambda _: file.exists())
    deployment.environment |= {name: value for name, value in dotenv_values(file).items() if value}
    deployment.environment |= {"RECOGNISER": "aws", "TRANSLATOR": "aws", "SYNTHESIZER": "polly"}
    return emulators


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    folder = tmp_path_factory.mktemp("iam")
    written = folder / "localstack.log"
    with LocalStack(log=written) as localstack:
        deployment = Deployment(localstack, folder)
        try:
            emulators = emulated(deployment)
            log = Log(lambda: written.read_text(encoding="utf-8"), lambda: emulators.stderr)
            yield dict(roles(deployment, log, folder))
        finally:
            deployment.close()


def roles(deployment: Deployment, log: Log, folder: Path) -> Iterator[tuple[str, set[str]]]:
    deployment.run("streams", "create", "--shards", "1")
    operator = log.take()
    speaker = deployment.speak("talk", excerpt(8, folder), "--keep-open")
    assert speaker.ended() == 0, speaker.stderr
    yield "producer", log.take()
    for stage in STAGES:
        yield stage, work(deployment, log, stage)
    deployment.environment["KCL_RETRIEVAL"] = "fanout"
    yield FANOUT, work(deployment, log, "dedup", publishing=False)
    listener = deployment.listen("talk", "es", "--captions", "--audio", str(folder / "talk.wav"))
    listener.until(lambda there: there.of("caption"))
    assert listener.interrupt() in (0, 130), listener.stderr
    yield "sink", log.take()
    deployment.run("sessions", "list")
    deployment.run("sessions", "show", "talk")
    deployment.run("sessions", "create", "another", "--to", "es")
    deployment.run("sessions", "end", "talk")
    deployment.run("streams", "list")
    deployment.run("workers")
    deployment.run("dead-letters", "list")
    deployment.run("streams", "delete", "--yes")
    yield "operator", operator | log.take()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_granted_what_it_asks_for_and_no_more(role: str, used: Mapping[str, set[str]]) -> None:
    always, at_times = set(GRANTED[role]["always"]), set(GRANTED[role]["at times"])
    assert always <= used[role] <= always | at_times


def test_enhanced_fan_out_asks_for_what_is_granted_at_times(used: Mapping[str, set[str]]) -> None:
    granted = {action for action, when in GRANTED["dedup"]["at times"].items() if "fanout" in when}
    assert granted <= used[FANOUT] <= granted | set(GRANTED["dedup"]["always"]) | {"dynamodb:DeleteItem"}


def test_every_role_has_its_list() -> None:
    assert tuple(GRANTED) == ROLES
