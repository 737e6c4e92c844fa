"""`make localstack`: LocalStack in the foreground, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from emulators.localstack import endpoint
from infra.local.localstack.errors import LocalStackError, LocalStackFailed
from infra.local.localstack.server import LocalStack, client_environment

_LOG = Path("out/localstack.log")
_LOOPBACK = ("localhost", "127.0.0.1")


def main() -> int:
    """Runs it; the exit code is 0 when it was told to end."""
    # A shell that starts it in the background would have Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        address = endpoint()
        _run(LocalStack(_port(address), log=_LOG), address)
    except KeyboardInterrupt:
        return 0
    except (LocalStackError, OSError, ValueError) as error:
        print(f"localstack: {error}", file=sys.stderr)
        return 1
    return 0


def _port(address: str) -> int:
    """The port of that address, which must be this machine's."""
    parts = urlsplit(address)
    if parts.hostname not in _LOOPBACK:
        raise LocalStackError(
            f"{address} is not on this machine: unset AWS_ENDPOINT_URL, or set LOCALSTACK_HOST=localhost:PORT"
        )
    return parts.port or 80


def _run(localstack: LocalStack, address: str) -> None:
    with localstack:
        print(f"LocalStack is ready at {address} (Ctrl-C stops it and forgets its streams)")
        print(*(f"{name}={value}" for name, value in client_environment(address).items()), sep="\n", flush=True)
        while localstack.pid is not None:
            time.sleep(0.2)
        raise LocalStackFailed("LocalStack ended by itself", localstack.log())


if __name__ == "__main__":
    sys.exit(main())
