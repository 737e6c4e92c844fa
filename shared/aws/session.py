"""Where this process finds AWS: region, credentials and endpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.parsers import ResponseParserError

from shared.aws.client import AwsClient
from shared.aws.credentials import CREDENTIAL_ERRORS, NO_CREDENTIALS, Profile
from shared.aws.threads import DaemonThreadPool
from shared.errors import LowLatencyTranslateError, SetupError
from shared.proxies import is_own

#: Calls of one service that may be under way at once.
_CALLS = 32
#: Seconds to reach the endpoint.
_CONNECT = 5


@dataclass(frozen=True, slots=True)
class AwsRetries:
    """How botocore retries a call that fails for a transient reason: `max_attempts`, the first one included.

    `mode` is botocore's: `standard` backs off exponentially, with jitter; `adaptive` also limits the rate to what the
    service does not throttle. `read_timeout` is how long (s) an attempt waits for the next byte.
    """

    max_attempts: int
    mode: str = "standard"
    read_timeout: float = 10


#: The caller knows what waits for the answer, and retries itself.
NO_RETRIES = AwsRetries(1)


class Aws:
    """Makes clients of AWS services that share credentials.

    Everything comes by the usual AWS means (AWS_ENDPOINT_URL leads to LocalStack). AWS_REGION counts, which boto3
    alone ignores, AWS_PROFILE=default needs no configuration file, and what is at an address of this machine is reached
    without a proxy. Raises SetupError where no region is set.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        # It takes longer to import than all the rest: a process that uses no AWS shall not wait for it.
        import boto3  # noqa: PLC0415

        self._environ = environ
        try:
            self._botocore = botocore_session(environ)
            self._session = boto3.Session(
                region_name=environ.get("AWS_REGION") or None, botocore_session=self._botocore
            )
        except BotoCoreError as error:
            raise SetupError(f"AWS: {error}") from None
        self._clients: dict[tuple[str, type[LowLatencyTranslateError], AwsRetries], AwsClient] = {}
        self.region = self._session.region_name
        if not self.region:
            raise SetupError("AWS: no region is set; set AWS_REGION, in the environment or in .env")

    def client(
        self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries = NO_RETRIES
    ) -> AwsClient:
        """The client of the service whose calls raise `unavailable` for what is transient, after those retries."""
        kind = service, unavailable, retries
        if kind not in self._clients:
            self._clients[kind] = self._client(*kind)
        return self._clients[kind]

    def endpoint(self, service: str) -> str | None:
        """Where the environment and the usual files put a service that boto3 has no client of; None: where AWS has it.

        `service` is its name in small letters and hyphens: AWS_ENDPOINT_URL_TRANSCRIBE_STREAMING is that of
        `transcribe-streaming`.
        """
        from botocore.configprovider import ConfiguredEndpointProvider  # noqa: PLC0415 (see above)

        try:
            if self._botocore.get_config_variable("ignore_configured_endpoint_urls"):
                return None
            provider = ConfiguredEndpointProvider(
                self._botocore.full_config, self._botocore.get_scoped_config(), service, self._environ
            )
            endpoint: str | None = provider.provide()
        except BotoCoreError as error:
            raise SetupError(f"AWS {service}: {error}") from None
        return endpoint

    @property
    def ca_bundle(self) -> str | None:
        """The file of the authorities that are trusted in place of the system's, as AWS_CA_BUNDLE names it."""
        bundle: str | None = self._botocore.get_config_variable("ca_bundle")
        return bundle

    def credentials(self) -> Any:
        """Those that are valid now: an object with `access_key`, `secret_key` and `token`, which may be None.

        Blocks while they are renewed. Raises SetupError where there are none, or they cannot be had.
        """
        try:
            held = self._session.get_credentials()
            frozen = None if held is None else held.get_frozen_credentials()
        except CREDENTIAL_ERRORS as error:
            raise Profile(self._botocore).refused(error) from None
        if frozen is None:
            raise SetupError(NO_CREDENTIALS)
        return frozen

    def _client(self, service: str, unavailable: type[LowLatencyTranslateError], retries: AwsRetries) -> AwsClient:
        from botocore.config import Config  # noqa: PLC0415 (see above)
        from botocore.utils import get_environ_proxies  # noqa: PLC0415

        config = Config(
            connect_timeout=_CONNECT,
            read_timeout=retries.read_timeout,
            retries={"total_max_attempts": retries.max_attempts, "mode": retries.mode},
            max_pool_connections=_CALLS,
            # The code that makes the calls is tested; checking each again is a third of a call's cost.
            parameter_validation=False,
        )
        profile = Profile(self._botocore)
        try:
            # A client asks for them too, but then nobody knows which of its errors are of credentials.
            self._session.get_credentials()
        except CREDENTIAL_ERRORS as error:
            raise profile.refused(error) from None
        try:
            client: Any = self._session.client(service, config=config)
            if is_own(urlsplit(client.meta.endpoint_url).hostname) and get_environ_proxies(client.meta.endpoint_url):
                client = self._session.client(service, config=config.merge(Config(proxies={})))
        except (BotoCoreError, ValueError) as error:
            raise SetupError(f"AWS {service}: {error}") from None
        client.meta.events.register("after-call", _check_answer)
        # Threads of its own: calls of a service that hangs shall not hold up another's.
        threads = DaemonThreadPool(_CALLS, service)
        return AwsClient(client, unavailable, threads, profile)


def _check_answer(parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """One without what its service always says, as a LocalStack that is just ending gives, is no answer."""
    expected = () if model.output_shape is None else model.output_shape.required_members
    if "Error" not in parsed and (missing := [name for name in expected if name not in parsed]):
        raise ResponseParserError(f"{model.name}: expected a {missing[0]}, got none")


def botocore_session(environ: Mapping[str, str]) -> Any:
    """One that AWS_PROFILE=default suits without a file; botocore's ProfileNotFound for any other that is in none."""
    from botocore.session import Session  # noqa: PLC0415 (see above)

    # A name that is set to nothing, as .env files have it, is not set.
    names = [name for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if environ.get(name)]
    session = Session({"profile": (None, names or None, None, None)})
    try:
        session.get_scoped_config()
    except ProfileNotFound:
        if (environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")) != "default":
            raise
        # No file names the profile "default": then there is nothing to take from it.
        session = Session({"profile": (None, None, None, None)})
    return session
