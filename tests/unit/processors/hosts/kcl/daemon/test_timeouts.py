from __future__ import annotations

import pytest

from processors.hosts.kcl.daemon.properties import GRACE
from processors.hosts.kcl.daemon.timeouts import Timeouts
from processors.hosts.kcl.watchdog import INTERVAL, LOG_TIMEOUT, STALL_TIMEOUT

pytestmark = pytest.mark.hermetic

#: Seconds after which KCL gives up a call of DynamoDB; until then its loop may stand still.
CALL = 60


def test_a_worker_waits_longer_for_its_children_than_kcl_does() -> None:
    assert Timeouts().drain >= GRACE + 5


def test_a_daemon_is_not_killed_while_aws_does_not_answer() -> None:
    assert Timeouts().daemon_hang >= CALL + 20


def test_a_child_whose_loop_stands_still_can_say_where_before_it_is_killed() -> None:
    # It last beat just before a look; the next one waits for the loop as long as it may.
    assert Timeouts().child_hang > INTERVAL + STALL_TIMEOUT + LOG_TIMEOUT


def test_the_first_sign_of_life_has_more_time_than_the_next() -> None:
    assert Timeouts().first_heartbeat > Timeouts().child_hang
