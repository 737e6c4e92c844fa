"""The chain of signatures over a stream's messages, which starts at the signature of the request."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime

from emulators.transcribe.errors import BadRequest
from emulators.transcribe.eventstream import Message, encode_date

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<date>\d{8})/(?P<region>[^/,]+)/(?P<service>[^/,]+)/aws4_request"
    r", *SignedHeaders=[^,]+, *Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureChain:
    """Checks each message's signature, which covers the one before it.

    The request's own signature, with which the chain starts, is taken as it came. Raises BadRequest where the
    `authorization` header is not one of Signature Version 4.
    """

    def __init__(self, authorization: str, secret: str) -> None:
        found = _AUTHORIZATION.fullmatch(authorization)
        if found is None:
            raise BadRequest("Expected an authorization header of AWS4-HMAC-SHA256")
        self._secret = secret
        self._region, self._service = found["region"], found["service"]
        self._prior = bytes.fromhex(found["signature"])

    def check(self, message: Message) -> None:
        """Raises BadRequest where the next message is not signed by who signed the request."""
        date, signature = message.headers.get(":date"), message.headers.get(":chunk-signature")
        if not isinstance(date, int) or not isinstance(signature, bytes):
            raise BadRequest("Expected the headers :date and :chunk-signature in every message")
        moment = datetime.fromtimestamp(date // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = (moment[:8], self._region, self._service, "aws4_request")
        signed = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                moment,
                "/".join(scope),
                self._prior.hex(),
                hashlib.sha256(encode_date(date)).hexdigest(),
                hashlib.sha256(message.payload).hexdigest(),
            )
        )
        key = b"AWS4" + self._secret.encode()
        for part in (*scope, signed):
            key = hmac.digest(key, part.encode(), "sha256")
        if not hmac.compare_digest(key, signature):
            raise BadRequest("The signature of an event stream message does not match its content and the one before")
        self._prior = signature
