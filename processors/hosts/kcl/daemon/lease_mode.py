"""Whether an application's workers keep leases as KCL 2 or as KCL 3 does, which they agree on in DynamoDB."""

from __future__ import annotations

import logging

from processors.hosts.kcl.application import Application
from shared.aws import Aws
from shared.aws.table import ConditionFailed, Table
from shared.aws.table_admin import TableDefinition, ensure
from shared.clock import Clock, SystemClock
from shared.errors import StoreUnavailable

log = logging.getLogger(__name__)

#: The item that KCL keeps it in, and the values there.
_KEY = {"key": "Migration3.0"}
_2X, _3X = "CLIENT_VERSION_2X", "CLIENT_VERSION_3X"
#: On the way from 2 to 3, which KCL takes by itself some 10 minutes after every worker could.
_LEAVING, _ARRIVED = "CLIENT_VERSION_UPGRADE_FROM_2X", "CLIENT_VERSION_3X_WITH_ROLLBACK"


class LeaseMode:
    """The mode of an application.

    Left to itself, KCL takes the compatible mode for the first step of an upgrade. What its migration tool writes to
    go back is what makes it stay.
    """

    def __init__(self, aws: Aws, application: Application, clock: Clock | None = None) -> None:
        self._dynamodb = aws.client("dynamodb", StoreUnavailable)
        self._application = application
        self._table = Table(self._dynamodb, application.tables[1])
        self._clock = clock or SystemClock()

    async def ensure(self, wanted: str, worker: str) -> None:
        """Has the application run in `2x` or `3x`, as far as KCL can change from what it was.

        From 2x to 3x it takes some 10 minutes; there is no way back from 3x once it has come to stay. Raises
        StoreUnavailable for what may pass.
        """
        await ensure(self._dynamodb, TableDefinition(self._table.name, "key"))
        item = await self._table.get(_KEY)
        if item is None:
            if wanted == "2x":
                await self._begin(worker)
            return
        found = item["cv"]
        if wanted == "2x" and found in (_LEAVING, _ARRIVED):
            await self._change(found, _2X, worker)
        elif wanted == "3x" and found == _2X:
            await self._change(found, _LEAVING, worker)
        elif wanted == "2x" and found == _3X:
            log.warning(
                "%s keeps leases as KCL 3 does, and KCL knows no way back; KCL_MODE=2x needs a new lease table",
                self._application.name,
            )

    async def _begin(self, worker: str) -> None:
        item = {**_KEY, "cv": _2X, "mb": worker, "mts": self._clock.now()}
        try:
            await self._table.put(item, "attribute_not_exists(#key)")
        except ConditionFailed:
            log.debug("another worker has changed the mode")

    async def _change(self, found: str, version: str, worker: str) -> None:
        try:
            await self._table.update(
                _KEY,
                "SET #cv = :version, #mb = :worker, #mts = :now",
                "#cv = :found",
                version=version,
                worker=worker,
                now=self._clock.now(),
                found=found,
            )
        except ConditionFailed:
            log.debug("another worker has changed the mode")
