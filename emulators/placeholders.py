"""A region and a key for clients of the emulators, which check neither."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError

from shared.aws.credentials import CREDENTIAL_ERRORS
from shared.aws.session import botocore_session

_REGION = {"AWS_REGION": "us-east-1"}
_KEY = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def placeholders() -> Mapping[str, str]:
    """What is lacking of both where a client looks: in the environment, in AWS's files, at a role.

    Blocks. EC2's metadata service is asked last, for 2 s at most unless AWS's own settings say otherwise.
    """
    try:
        session = botocore_session(os.environ)
        region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    except BotoCoreError:
        # Something is set, and wrong, which a placeholder would hide from the clients.
        return {}
    return _placed(_REGION, there=bool(region)) | _placed(_KEY, there=_has_key(session))


def _placed(values: dict[str, str], *, there: bool) -> dict[str, str]:
    # Those of an earlier start, which .env may have, are placeholders too.
    earlier = all(os.environ.get(name) == value for name, value in values.items())
    return values if earlier or not there else {}


def _has_key(session: Any) -> bool:
    try:
        return session.get_credentials() is not None
    except CREDENTIAL_ERRORS:
        # As above.
        return True
