"""How long a supervisor waits for what it watches."""

from __future__ import annotations

from dataclasses import dataclass

from processors.hosts.kcl.daemon.properties import GRACE
from processors.hosts.kcl.watchdog import SILENCE


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in s."""

    #: For the daemon's end once it was asked to: KCL's grace for the children, which have less than that for
    #: themselves, and what it does before and after.
    drain: float = GRACE + 10.0
    #: For the daemon to work. It takes 3 to 10, or half a minute where KCL has to make its tables.
    start: float = 90.0
    #: For a child's first beat: an engine may have a model to load.
    first_beat: float = 60.0
    #: For the daemon's next sign of life. It gives one a second, but none while DynamoDB does not answer a call, which
    #: KCL gives up after 60: it shall not be killed for that.
    daemon_hang: float = 90.0
    #: For a child's next beat, which comes every two. One whose loop stands still ends by itself before this is over,
    #: and shows where it stands; this is for one that cannot do even that.
    hang: float = SILENCE + 2.5
    #: For the daemon's end once a child of it has failed or was killed.
    failing: float = 5.0
    #: Between two looks whether the stream is still there.
    ask: float = 15.0
    #: For giving up the leases.
    release: float = 5.0
    #: Good running after which earlier failures are forgotten.
    good: float = 60.0
    #: The longest wait before another start.
    longest_backoff: float = 30.0
    #: Between two looks at the processes.
    look: float = 1.0
