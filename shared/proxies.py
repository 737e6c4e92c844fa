"""Which proxy a connection goes through: that of the environment, but never to this machine itself."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from shared.errors import SetupError

_PORTS = {"http": 80, "https": 443}
#: This machine, as a list of names without a proxy has it.
_OWN = ("localhost", "127.0.0.1", "::1", "[::1]")
#: The settings by which a URL of this machine may be given.
_ENDPOINT = "AWS_ENDPOINT_URL"
#: The names, in small letters, under which proxies are found.
_NAMES = frozenset({"http_proxy", "https_proxy", "all_proxy"})


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; `secure` where it is itself spoken to over TLS. Its credentials are in no representation of it."""

    host: str
    port: int
    secure: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str, name: str = "HTTPS_PROXY") -> Self:
        """The proxy at `[http://|https://][user:password@]host[:port]`; raises SetupError, which names the setting."""
        whole = url if "://" in url else f"http://{url.removeprefix('//')}"
        try:
            parts = urlsplit(whole)
            port = parts.port
        except ValueError:
            # The value stays unsaid: it may hold a password.
            raise SetupError(f"{name}: expected http://HOST:PORT, got an address that is none") from None
        if parts.scheme not in _PORTS:
            raise SetupError(f"{name}: expected a proxy at http:// or https://, got one at {parts.scheme}://")
        if not parts.hostname:
            raise SetupError(f"{name}: expected http://HOST:PORT, got an address without a host")
        username, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "https", username, password)


def proxy_for(url: str) -> Proxy | None:
    """The proxy for connections to `url`, as boto3 finds it: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case.

    None for this machine's own addresses. Raises SetupError for a proxy that is none.
    """
    parts = urlsplit(url)
    if is_own(parts.hostname) or proxy_bypass(parts.netloc):
        return None
    found = getproxies().get(parts.scheme)
    return Proxy.parse(found, f"{parts.scheme.upper()}_PROXY") if found else None


def is_own(host: str | None) -> bool:
    """Whether this is an address of this machine: 127.0.0.0/8, ::1 or localhost."""
    if not host:
        return False
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    # An IPv4 address may be written as one of IPv6.
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def spare_own(environ: MutableMapping[str, str] = os.environ) -> None:
    """Adds this machine to NO_PROXY where `environ` names a proxy: libraries and child processes look there.

    Of 127.0.0.0/8 those that an endpoint of AWS is at: such a list takes no range.
    """
    proxied = any(value for name, value in environ.items() if name.lower() in _NAMES)
    # The one in small letters counts where there are two, though it be empty.
    spared = [host.strip() for host in environ.get("no_proxy", environ.get("NO_PROXY", "")).split(",") if host.strip()]
    if not proxied or "*" in spared:
        return
    hosts = [_host(value) for name, value in environ.items() if name.startswith(_ENDPOINT)]
    own = [*_OWN, *(host for host in hosts if host and is_own(host))]
    environ["NO_PROXY"] = environ["no_proxy"] = ",".join(dict.fromkeys([*spared, *own]))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        # Whoever connects there says what is wrong with it.
        return None
