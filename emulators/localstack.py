"""Where LocalStack is, and whether its services are up.

As a program it exits with 0 if they are, and with 1 if they are not, and says so in one line. docker-compose.yml runs
it inside the container, so it imports nothing of this project, and no library but localstack-client.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

#: The services that the streams, the tables and KCL need.
SERVICES = ("kinesis", "dynamodb", "cloudwatch")
#: What LocalStack says of a service that answers: one that nobody has called yet is available.
_UP = ("available", "running")


def endpoint() -> str:
    """The address in localstack-client's table: AWS_ENDPOINT_URL, else LOCALSTACK_HOST, else port 4566 of this machine.

    Raises ValueError where one of these is no address, and ModuleNotFoundError where localstack-client is missing.
    """
    from localstack_client import config  # noqa: PLC0415 (an extra)

    try:
        address = str(config.get_service_endpoint(SERVICES[0]))
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError(address)
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"AWS_ENDPOINT_URL or LOCALSTACK_HOST is no address: {error}") from error
    return address


def states(address: str, *, timeout: float = 1.0) -> dict[str, str]:
    """The state of each of the services at that address; raises OSError where no LocalStack answers in time (in s)."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=timeout)
    try:
        connection.request("GET", "/_localstack/health")
        known = json.loads(connection.getresponse().read())["services"]
        return {service: str(known.get(service, "missing")) for service in SERVICES}
    except (HTTPException, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OSError("what answers there is no LocalStack") from error
    finally:
        connection.close()


def up(found: dict[str, str]) -> bool:
    """Whether all of the services are up."""
    return all(state in _UP for state in found.values())


def described(found: dict[str, str]) -> str:
    """The services and their states, for a person."""
    return ", ".join(f"{service} {state}" for service, state in found.items())


def main() -> int:
    """The exit code."""
    try:
        address = endpoint()
        found = states(address)
    except (ValueError, OSError) as error:
        print(f"no LocalStack: {error}", file=sys.stderr)
        return 1
    print(f"{address}: {described(found)}")
    return 0 if up(found) else 1


if __name__ == "__main__":
    sys.exit(main())
