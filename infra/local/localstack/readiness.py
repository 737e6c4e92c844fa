"""Whether a service of LocalStack does its work; its health page says so before it does."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

_OK = 200
#: Of each service a call that changes nothing. LocalStack loads a service at its first call.
_CALLS = {
    "kinesis": ("Kinesis_20131202.ListStreams", "application/x-amz-json-1.1"),
    "dynamodb": ("DynamoDB_20120810.ListTables", "application/x-amz-json-1.0"),
}
SERVICES = tuple(_CALLS)


def answers(service: str, port: int, *, region: str, timeout: float) -> bool:
    """Whether the service at that port of the loopback interface answers a call within `timeout` seconds."""
    target, content = _CALLS[service]
    # LocalStack reads the region and the service from the signature, and does not check it.
    scope = f"test/20000101/{region}/{service}/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "Content-Type": content,
        "X-Amz-Target": target,
    }
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", "/", b"{}", headers)
        return connection.getresponse().status == _OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
