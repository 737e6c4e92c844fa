"""How long a supervisor waits for what it watches."""

from __future__ import annotations

from dataclasses import dataclass

from processors.hosts.kcl.daemon.properties import GRACE
from processors.hosts.kcl.watchdog import HEARTBEAT_TIMEOUT


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in s."""

    #: For the daemon's end once it was asked to: KCL's grace for the children, which have less than that for
    #: themselves, and what it does before and after.
    drain: float = GRACE + 10.0
    #: For the daemon to work. It takes 3 to 10, or half a minute where KCL has to make its tables.
    start: float = 90.0
    #: For a child's first heartbeat: an engine may have a model to load.
    first_heartbeat: float = 60.0
    #: For the daemon's next heartbeat. One comes a second, but none while DynamoDB does not answer a call, which
    #: KCL gives up after 60: it shall not be killed for that.
    daemon_hang: float = 90.0
    #: For a child's next heartbeat, which comes every two. One whose loop stands still ends itself before this is over,
    #: and shows where it stands; this is for one that cannot do even that.
    child_hang: float = HEARTBEAT_TIMEOUT + 2.5
    #: For the daemon's end once a child of it has failed or was killed.
    child_failure: float = 5.0
    #: Between two checks that the stream is still there.
    stream_poll: float = 15.0
    #: For releasing the leases.
    lease_release: float = 5.0
    #: Of running without failure, after which earlier failures are forgotten.
    stable_after: float = 60.0
    #: The longest wait before another start.
    max_backoff: float = 30.0
    #: Between two polls of the processes.
    poll: float = 1.0
