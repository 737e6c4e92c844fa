"""Whether the worker of this container is well: it exits with 0 if so, and with 1, saying why, if not.

The image's health check runs it; the worker serves its health on METRICS_PORT.
"""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

#: Where the worker serves its health: 200 if it is well, 503 if it is not.
PATH = "/health"
_TIMEOUT = 4.0


def main() -> int:
    """The exit code."""
    try:
        connection = HTTPConnection("127.0.0.1", int(os.environ.get("METRICS_PORT") or 0), timeout=_TIMEOUT)
        connection.request("GET", PATH)
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace").strip()
    except (ValueError, OSError, HTTPException) as error:
        print(f"no worker answers on METRICS_PORT: {error}", file=sys.stderr)
        return 1
    print(f"{answer.status} {said}")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
