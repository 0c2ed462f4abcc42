"""Follow sessions live over WebSockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.backoff import compute_wait, spread_wait
from jupyter_sessions.client.transports import http_clients, http_errors

if TYPE_CHECKING:
    import websocket

    from jupyter_sessions.client.transports.http_clients import Proxy

FIRST_WAIT = 0.5  #: seconds before a lost connection is taken up again, doubled at each failure
LONGEST_WAIT = 30.0  #: seconds

# After these errors, the caller can see nothing more.
_FINAL_ERRORS = (
    errors.NoSuchSession,
    errors.RoleMissing,
    errors.Forbidden,
    errors.SessionDisabled,
    errors.WrongState,
)
# These errors are temporary.
_PASSING = (
    errors.ServerUnreachable,
    errors.StoreBusy,
    errors.StoreUnusable,
    errors.StoreFull,
    errors.InternalError,
    errors.TooManyTries,
)


class Carrier(Protocol):
    """The transport methods that a live view needs."""

    @property
    def server(self) -> str:
        """The server's base URL."""

    def call(self, operation: api.Operation[api.Req, api.Ans], request: api.Req) -> api.Ans:
        """Carry out an operation."""

    def route(
        self, operation: api.Operation[Any, Any], request: schemas.Request
    ) -> tuple[str, dict[str, Any]]:
        """Return the operation's URL, and the request's fields that are not part of it."""

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""

    def renewed(self) -> bool:
        """Try to get another key after the server refused ours; return whether there is one."""

    def open_socket(self) -> Any:
        """Open a connection for a WebSocket, through the environment's proxy and with TLS."""

    @property
    def proxy(self) -> Proxy | None:
        """The proxy of the connections that were opened last."""


class Followers:
    """The open live views of one transport."""

    def __init__(self, carrier: Carrier, connect_timeout: float, read_timeout: float) -> None:
        self._carrier = carrier
        self._connect_timeout = connect_timeout
        self._silence = read_timeout / 2
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._open: set[websocket.WebSocket] = set()

    def follow(self, request: schemas.Follow) -> Iterator[schemas.Event]:
        """Yield events after `request.after`; reconnect after the last received one.

        Raises
        ------
        SessionsError
            When the first connection fails, or the login ends.
        """
        after, connected, failures = request.after, False, 0
        if after is None:
            # Determined here, so that nothing is missed if the first connection breaks at once.
            named = schemas.SessionNamed(code=request.code)
            after = self._carrier.call(api.GET_SESSION, named).events
        while not self._closed.is_set():
            try:
                for event in self._received(schemas.Follow(code=request.code, after=after)):
                    connected, failures = True, 0
                    if event is not None:
                        after = event.number
                        yield event
            except _FINAL_ERRORS:
                if not connected:
                    raise
                return
            except _PASSING:
                if not connected:
                    raise
            failures += 1
            self._closed.wait(spread_wait(compute_wait(failures, FIRST_WAIT, LONGEST_WAIT)))

    def close(self) -> None:
        """End all live views; waiting callers get no more events."""
        self._closed.set()
        with self._lock:
            for socket in self._open:
                socket.abort()

    def _received(self, request: schemas.Follow) -> Iterator[schemas.Event | None]:
        """Yield None once connected, then messages until the connection ends."""
        import websocket

        socket = self._connected(request)
        with self._lock:
            self._open.add(socket)
        try:
            yield None
            asked = False
            while not self._closed.is_set():
                try:
                    kind, frame = socket.recv_data_frame(control_frame=True)
                except websocket.WebSocketTimeoutException:
                    if asked:
                        return
                    socket.ping()
                    asked = True
                    continue
                asked = False
                if kind == websocket.ABNF.OPCODE_CLOSE:
                    return  # the next handshake shows whether it is permanent
                if kind == websocket.ABNF.OPCODE_TEXT:
                    yield self._event(frame.data)
        except (OSError, websocket.WebSocketException):
            return  # lost, or closed by us: `follow` knows which
        finally:
            with self._lock:
                self._open.discard(socket)
            socket.shutdown()

    def _event(self, data: bytes) -> schemas.Event:
        try:
            return msgspec.json.decode(data, type=schemas.Event)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise http_errors.not_understood(self._carrier.server) from error

    def _connected(self, request: schemas.Follow) -> websocket.WebSocket:
        try:
            return self._opened(request)
        except errors.NotLoggedIn:
            if not self._carrier.renewed():
                raise
            return self._opened(request)

    def _opened(self, request: schemas.Follow) -> websocket.WebSocket:
        import websocket

        url, fields = self._carrier.route(api.FOLLOW_EVENTS, request)
        query = "&".join(f"{name}={value}" for name, value in fields.items() if value is not None)
        server = self._carrier.server
        socket = websocket.WebSocket(enable_multithread=True, skip_utf8_validation=True)
        socket.settimeout(self._connect_timeout)
        late = threading.Event()
        connection = self._connection()
        try:
            with _abort_after(self._silence, socket, late):
                socket.connect(
                    "ws" + url.removeprefix("http") + ("?" + query if query else ""),
                    header=self._carrier.headers(),
                    suppress_origin=True,  # the key says who we are, not a page's origin
                    redirect_limit=0,  # the key goes nowhere else
                    socket=connection,
                )
        except websocket.WebSocketBadStatusException as error:
            raise self._refusal(error) from None  # its message holds all headers and the body
        except websocket.WebSocketTimeoutException as error:
            raise http_errors.make_silence_error(server) from error
        except (websocket.WebSocketException, OSError, ValueError) as error:
            raise (
                http_errors.make_silence_error(server)
                if late.is_set()
                else http_errors.make_connection_error(server, error)
            ) from error
        socket.settimeout(self._silence)
        return socket

    def _refusal(self, error: websocket.WebSocketBadStatusException) -> errors.SessionsError:
        told = http_errors.parse_error(error.resp_body or b"")
        status = int(error.status_code)
        server = self._carrier.server
        return told or http_errors.by_status(server, status) or http_errors.foreign(server, status)

    def _connection(self) -> Any:
        """Open a connection, through whatever is between, that a WebSocket's handshake can use."""
        import python_socks

        server = self._carrier.server
        try:
            return self._carrier.open_socket()
        except (OSError, ValueError, python_socks.ProxyError) as error:
            proxy = self._carrier.proxy
            told = proxy and http_clients.explain_failure(server, proxy, error)
            raise (told or http_errors.make_connection_error(server, error)) from error


@contextmanager
def _abort_after(
    seconds: float, socket: websocket.WebSocket, late: threading.Event
) -> Iterator[None]:
    """Abort a handshake that a server draws out byte by byte; set an event to say so."""

    def end() -> None:
        late.set()
        socket.shutdown()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
