"""The connection of one stream, by the AWS common runtime."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from io import BytesIO
from typing import Any
from urllib.parse import ParseResult

from amazon_transcribe.exceptions import HTTPException
from amazon_transcribe.httpsession import AwsCrtHttpResponse, AwsCrtHttpSessionManager
from awscrt.http import (
    HttpClientConnection,
    HttpProxyAuthenticationType,
    HttpProxyConnectionType,
    HttpProxyOptions,
)
from awscrt.io import ClientBootstrap, ClientTlsContext, DefaultHostResolver, EventLoopGroup, TlsContextOptions

from shared.proxies import Proxy, proxy_for

#: Seconds that a connection has to close.
_CLOSE_TIMEOUT = 5.0


class Runtime:
    """What all connections share: one thread, and the authorities that they trust.

    `ca_bundle` names a file of them (PEM) in place of the system's, or SSL_CERT_FILE's; raises OSError.
    """

    def __init__(self, ca_bundle: str | None) -> None:
        threads = EventLoopGroup(1)
        self.bootstrap = ClientBootstrap(threads, DefaultHostResolver(threads))
        options = TlsContextOptions()
        if ca_bundle:
            options.override_default_trust_store_from_path(ca_filepath=ca_bundle)
        self.tls = ClientTlsContext(options)

    def proxy_options(self, proxy: Proxy) -> HttpProxyOptions:
        """How a connection goes through the proxy: a tunnel, so that the proxy also finds the name of its other end."""
        tls = None
        if proxy.secure:
            tls = self.tls.new_connection_options()
            tls.set_server_name(proxy.host)
        named = proxy.username is not None and proxy.password is not None
        return HttpProxyOptions(
            proxy.host,
            proxy.port,
            tls_connection_options=tls,
            auth_type=HttpProxyAuthenticationType.Basic if named else HttpProxyAuthenticationType.Nothing,
            auth_username=proxy.username if named else None,
            auth_password=proxy.password if named else None,
            connection_type=HttpProxyConnectionType.Tunneling,
        )


class _Connecting:
    """In place of HttpClientConnection: goes through a proxy, and the future that `new` returns may be cancelled."""

    def __init__(self, proxy: HttpProxyOptions | None) -> None:
        self._proxy = proxy

    def new(self, **parameters: Any) -> Future[Any]:
        """The connection, once it is made; one that nobody waits for any more is closed then."""
        awaited: Future[Any] = Future()

        def settle(made: Future[Any]) -> None:
            wanted = awaited.set_running_or_notify_cancel()
            if (error := made.exception()) is not None:
                if wanted:
                    awaited.set_exception(error)
            elif wanted:
                awaited.set_result(made.result())
            else:
                made.result().close()

        # The runtime's thread would fail to settle a future of its own that was cancelled.
        HttpClientConnection.new(**parameters, proxy_options=self._proxy).add_done_callback(settle)
        return awaited


class Connection(AwsCrtHttpSessionManager):
    """Makes the one request of its connection; a stream that breaks before it is answered raises HTTPException.

    It goes through the proxy that boto3 would go through; SetupError where that is no proxy.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime.bootstrap)  # type: ignore[no-untyped-call]
        self._runtime = runtime
        self._tls_ctx = runtime.tls
        #: What it goes through, once it is known where it goes.
        self.proxy: Proxy | None = None
        self._completion: Future[int] | None = None
        self._given_up = False

    async def _create_connection(self, parsed_url: ParseResult) -> HttpClientConnection:
        self.proxy = proxy_for(parsed_url.geturl())
        self.HTTP_CONNECTION_CLS = _Connecting(self._runtime.proxy_options(self.proxy) if self.proxy else None)
        connection = await super()._create_connection(parsed_url)
        if self._given_up:
            connection.close()
            raise HTTPException("the stream was given up before its connection was made")
        return connection

    async def make_request(
        self,
        url: str,
        method: str = "GET",
        headers: list[tuple[str, str]] | None = None,
        body: bytes | BytesIO | None = None,
    ) -> AwsCrtHttpResponse:
        """Begins a request; what fails it before there is an answer is raised by the response."""
        response = await super().make_request(url, method, headers, body)
        stream: Any = response._stream
        self._completion = stream.completion_future
        stream.completion_future.add_done_callback(lambda completion: _unanswered(response, completion))
        return response

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return bool(self._connections)

    @property
    def has_ended(self) -> bool:
        """Whether the stream has ended, in whatever way."""
        return self._completion is not None and self._completion.done()

    @property
    def failure(self) -> BaseException | None:
        """What broke the stream; None where it is open or has ended as it should."""
        return self._completion.exception() if self._completion is not None and self._completion.done() else None

    async def close(self) -> None:
        """Closes the connection, whether or not its stream has ended; one that is made only later is closed then."""
        self._given_up = True
        connections, self._connections = list(self._connections.values()), {}
        for connection in connections:
            connection.close()
            closed = asyncio.wrap_future(connection.shutdown_future)
            # One that broke says so here once more.
            closed.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([closed], timeout=_CLOSE_TIMEOUT)


def _unanswered(response: AwsCrtHttpResponse, completion: Future[int]) -> None:
    reason = completion.exception()
    for answer in (response._status_code_future, response._headers_future):
        if not answer.done():
            answer.set_exception(HTTPException(f"the stream ended before it was answered: {reason}"))
