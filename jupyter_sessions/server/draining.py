"""Drain open connections so that a stopping server still answers pending requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any
from weakref import WeakKeyDictionary

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)

# A connection without a request for this long can be closed.
_SETTLED_AFTER = 0.3  # seconds
_LOOK_EVERY = 0.02
#: Turns of the loop within which it sees who has connected, and accepts up to 128 of them.
_TURNS_TO_ACCEPT = 3


class OpenConnections(HTTPServerConnectionDelegate):
    """Track the connections of an HTTP server and which of them have a pending request.

    Parameters
    ----------
    server
        The server; it is tracked from now on.
    prefix
        The path below which pending requests are tracked.
    """

    def __init__(self, server: HTTPServer, prefix: str) -> None:
        self._server = server
        self._prefix = prefix
        self._application: Any = server.request_callback
        server.request_callback = self
        # Asked to stop, a Jupyter server stops listening first, within the signal's handler. Who
        # has connected by then, and was not accepted yet, would be cut off: `drain` does it.
        self._stop_listening = server.stop
        server.stop = self._stop_later  # type: ignore[method-assign]
        # When each connection became idle; None while it has a request.
        self._idle_since: WeakKeyDictionary[Any, float | None] = WeakKeyDictionary()
        self._hurried = False
        self._stop_requested = False

    def _stop_later(self) -> None:
        """Take no more connections: at once if asked before, else when `drain` begins."""
        if self._stop_requested:
            self._stop_listening()
        self._stop_requested = True

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Mark a connection as idle, and start tracking its next request."""
        self._idle_since[server_conn] = time.monotonic()
        return _Request(
            self, server_conn, self._application.start_request(server_conn, request_conn)
        )

    def begin(self, connection: object, start: Any, headers: HTTPHeaders) -> None:
        """Mark the connection as having a request."""
        upgrade = headers.get("Upgrade", "").lower() == "websocket"
        if start.path.startswith(self._prefix) and not upgrade:
            self._idle_since[connection] = None

    async def drain(self, seconds: float, *, close: bool) -> None:
        """Wait until all requests are answered; from now on, each response closes its connection.

        Parameters
        ----------
        seconds
            The longest time to wait.
        close
            Whether to close idle connections.
        """
        self._server.conn_params.no_keep_alive = True
        for _ in range(_TURNS_TO_ACCEPT):
            await asyncio.sleep(0)
        self._stop_requested = True
        self._stop_listening()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._hurried:
            waiting = False
            for connection, idle_since in list(self._idle_since.items()):
                if connection.stream is None or connection.stream.closed():
                    continue
                if idle_since is None or time.monotonic() - idle_since < _SETTLED_AFTER:
                    waiting = True
                elif close:
                    connection.stream.close()
            if not waiting:
                return
            await asyncio.sleep(_LOOK_EVERY)

    def hurry(self) -> None:
        """Stop waiting."""
        self._hurried = True


class _Request(HTTPMessageDelegate):
    """A request on its way to the application."""

    def __init__(
        self, connections: OpenConnections, connection: object, inner: HTTPMessageDelegate
    ) -> None:
        self._connections = connections
        self._connection = connection
        self._inner = inner
        self.data_received = inner.data_received  # type: ignore[method-assign]  # called for each chunk
        self.finish = inner.finish  # type: ignore[method-assign]
        self.on_connection_close = inner.on_connection_close  # type: ignore[method-assign]

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Start tracking the request."""
        self._connections.begin(self._connection, start_line, headers)
        return self._inner.headers_received(start_line, headers)
