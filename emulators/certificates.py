"""A certificate authority that lives as long as the emulators do."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import trustme


class Certificates:
    """A throwaway authority; its certificate, which clients have to trust, is written to `bundle` (PEM).

    Its private key is in the memory of this process alone.
    """

    def __init__(self, folder: Path, names: Sequence[str] = ("localhost", "127.0.0.1")) -> None:
        authority = trustme.CA(organization_name="low-latency-translate emulators")
        self._server = authority.issue_cert(*names)
        self.bundle = folder / "emulators-ca.pem"
        authority.cert_pem.write_to_path(str(self.bundle))

    def server_context(self, protocols: Sequence[str]) -> ssl.SSLContext:
        """For a server that speaks these ALPN protocols; TLS below 1.2 is refused."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(protocols))
        self._server.configure_cert(context)
        return context
