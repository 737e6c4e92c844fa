"""An account of which only Kinesis is there, scripted and on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from shared.aws import Aws, AwsClient
from shared.aws.session import NO_RETRIES, AwsRetries
from shared.errors import LowLatencyTranslateError
from tests.support.scripted_kinesis import ScriptedKinesis, Wire
from tests.support.virtual_time import run


class ScriptedAws(Aws):
    def __init__(self, kinesis: ScriptedKinesis) -> None:
        self.kinesis = kinesis
        self.wire = Wire(kinesis)

    def client(
        self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries = NO_RETRIES
    ) -> AwsClient:
        assert service == "kinesis"
        return AwsClient(self.kinesis, unavailable, self.wire)


def scripted(work: Callable[[ScriptedAws], Coroutine[Any, Any, None]]) -> None:
    """Does the work on an account with one stream of one shard that is read 5 times a second and no more."""

    async def main() -> None:
        await work(ScriptedAws(ScriptedKinesis(limited=True)))

    run(main())
