"""Carry out operations over HTTP, derived from the operations table."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from jupyter_sessions import __version__, api, errors, forking, schemas
from jupyter_sessions.api import Ans, Operation, Req
from jupyter_sessions.backoff import spread_wait
from jupyter_sessions.client.transports import http_clients, http_errors
from jupyter_sessions.client.transports.http_errors import ReadDeadline
from jupyter_sessions.client.transports.incoming import IncomingContent, Partial
from jupyter_sessions.local_files import PIECE, open_snapshot, split_pieces
from jupyter_sessions.schemas.encoded import Parts, encode_recordings

if TYPE_CHECKING:
    import httpx

    from jupyter_sessions.client.transports.http_clients import Proxy
    from jupyter_sessions.client.transports.websocket import Followers

T = TypeVar("T")

CONNECT_TIMEOUT = 5.0  #: seconds for the server to accept a connection
READ_TIMEOUT = 60.0  #: seconds within which the server must send (or accept) data
#: Bytes of the longest response that is read completely, except for commands with outputs.
LONGEST = 64 << 20
#: The same for those. A command's outputs are at most 256 MiB, and JSON may be a little longer.
LONGEST_OUTPUTS = 1 << 30
_WITH_OUTPUTS = {api.GET_COMMAND.name, api.RESUME_SESSION.name}
_REDIRECTS = 5
#: Seconds before a safe request is repeated after the connection broke: long enough for a server
#: restart.
_REPEATED_AFTER = 0.1, 0.4, 1.0, 2.0
#: Bytes that must have arrived before a server fell silent, for a download to be continued.
_PROGRESS = 1 << 20
_PASSING = (
    errors.ServerUnreachable,
    errors.ServerBusy,
    errors.StoreBusy,
    errors.StoreUnusable,
)
_ENDED = errors.LoginExpired, errors.LoginRevoked, errors.LoginUnknown
_KEY = re.compile(r"[\x21-\x7e]{1,1000}")


class HttpTransport:
    """HTTP transport to a sessions server.

    Parameters
    ----------
    server
        The server's base URL, as `jupyter_sessions.client.addresses` gives it.
    key
        The bearer token; without one, only operations that need no login work.
    user
        The user that the key belongs to, if known.
    renew
        Called once when the server no longer accepts the key: returns another key of the same user,
        or None. A login made elsewhere in the meantime thus lets a running notebook continue.
    learn
        Called with a key and the server's answer about its login: its description, an error, or
        None if it was used and nothing more is known.
    connect_timeout, read_timeout
        In seconds.
    longest
        Bytes of the longest response that is read completely; by default, what an operation can
        need.
    """

    def __init__(
        self,
        server: str,
        key: str | None = None,
        user: str | None = None,
        *,
        renew: Callable[[], str | None] | None = None,
        learn: Callable[[str, schemas.Login | errors.SessionsError | None], None] | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        longest: int | None = None,
    ) -> None:
        self._server = server
        self._key = _checked(key)
        self._user = user
        self._renew = renew
        self._learn = learn
        self._timeouts = connect_timeout, read_timeout
        self._longest = longest
        self._closed = False
        self._proxy: Proxy | None = None
        self.reset_in_child()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Drop all connections: a forked process must not use its parent's."""
        self._lock = threading.Lock()
        self._renewing = threading.Lock()
        self._connections: httpx.Client | None = None
        self._followers: Followers | None = None

    def __repr__(self) -> str:
        return f"HttpTransport({self._server!r}, user={self._user!r})"

    @property
    def server(self) -> str:
        """The server's base URL, without a trailing slash."""
        return self._server

    @property
    def user(self) -> str:
        """The current user; the server is asked if the login did not include the name."""
        if self._user is None:
            self._user = self.call(api.WHO_AM_I, schemas.Nothing()).name
        return self._user

    def call(
        self, operation: Operation[Req, Ans], request: Req, content: bytes | Path | None = None
    ) -> Ans:
        """Carry out `operation` at the server and return its result; see `Transport.call`.

        If the connection breaks before the response, the request is repeated if that is safe: an
        idempotency key ensures that changes happen once.
        """
        key = secrets.token_urlsafe(24) if operation.keyed else None
        waits = _REPEATED_AFTER if key is not None or not operation.writes else ()
        try:
            return _repeat(lambda: self._call(operation, request, content, key), waits)
        except errors.ConnectionLost as lost:
            if operation.writes:
                raise lost.adding(
                    "It may have been done anyway. Check before you repeat it."
                ) from None
            raise

    def _call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        content: bytes | Path | None,
        idempotency_key: str | None,
    ) -> Ans:
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        with self._answered(operation, request, content, headers) as response:
            if not http_errors.is_json(response):
                raise http_errors.foreign(self._server, response.status_code)
            body = http_errors.read_body(self._server, response, self._room_for(operation))
        try:
            answer = msgspec.json.decode(body, type=operation.answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise http_errors.not_understood(self._server) from error
        shown = answer.login if isinstance(answer, schemas.LoginTimeout) else answer
        if self._learn and self._key is not None:
            if isinstance(shown, schemas.Login) and shown.current:
                self._learn(self._key, shown)
            elif operation.touches_login:
                self._learn(self._key, None)
        return answer

    def _room_for(self, operation: Operation[Any, Any]) -> int:
        if self._longest is not None:
            return self._longest
        return LONGEST_OUTPUTS if operation.name in _WITH_OUTPUTS else LONGEST

    def download(
        self, request: schemas.FileNamed, target: BinaryIO, partial: Partial | None = None
    ) -> None:
        """Download a published file's content into `target`; see `Transport.download`.

        If the connection breaks, the download continues where it broke off, as long as each attempt
        brings something. A server that discovers damage while it sends can report it only before
        the first byte, so it reports it then.
        """
        content = IncomingContent(request.path, target, partial)

        def fetch() -> None:
            try:
                with self._answered(
                    api.DOWNLOAD_FILE, request, None, headers=content.headers
                ) as response:
                    content.begin(response.status_code, response.headers)
                    http_errors.write_body(response, content)
            except errors.RangeNotSatisfiable:
                raise content.make_replaced_error() from None
            content.end()

        _repeat(fetch, _REPEATED_AFTER, lambda: content.size)

    def follow(self, request: schemas.Follow) -> Iterator[schemas.Event]:
        """Yield a session's events as they occur; see `Transport.follow`.

        A lost connection is resumed after the last received event.
        """
        return self._live().follow(request)

    def clone(self) -> HttpTransport:
        """Return a second transport to the same server and user; see `Transport.clone`."""
        self._still_open()
        connect, read = self._timeouts
        return HttpTransport(
            self._server,
            self._key,
            self._user,
            renew=self._renew,
            learn=self._learn,
            connect_timeout=connect,
            read_timeout=read,
            longest=self._longest,
        )

    def close(self) -> None:
        """Close the connections; live views stop, and nothing more is sent."""
        with self._lock:
            self._closed = True
            connections, self._connections = self._connections, None
        if connections:
            connections.close()
        if self._followers:
            self._followers.close()

    # ---- what the live view shares

    def route(self, operation: Operation[Any, Any], request: schemas.Request) -> tuple[str, Any]:
        """Return the operation's URL with its path filled in, and the request's other fields.

        Raises
        ------
        BadName
            When a name can't be part of a URL.
        """
        fields = _encode_fields(request)
        if any(fields.get(name) == "" for name in operation.path_fields):
            raise errors.BadName("The name is empty.", hint="Give a name.")
        try:
            filled = {
                name: _in_path(str(fields.pop(name, "")), several=name == "path")
                for name in operation.path_fields
            }
        except UnicodeEncodeError as error:
            raise errors.BadName(
                "The name contains half of a character (a lone surrogate).", hint="Rename it."
            ) from error
        return self._server + api.PREFIX + operation.path.format(**filled), fields

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""
        headers = {"User-Agent": f"jupyter_sessions/{__version__}", "Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def renewed(self) -> bool:
        """Try to get another key after the server refused ours; return whether there is one."""
        key = _checked(self._renew()) if self._renew else None
        if key is None or key == self._key:
            return False
        self._key = key
        return True

    def _has_other_key(self, key: str | None, error: errors.SessionsError) -> bool:
        """Tell whether there is another key than the refused one."""
        with self._renewing:
            if self._key != key:
                return True  # another thread has been refused, too
            if self._learn and key is not None:
                self._learn(key, error)
            return self.renewed()

    def _with_whose(self, error: errors.SessionsError) -> errors.SessionsError:
        """Say whose login has ended, for users with several logins."""
        if self._user is None or not isinstance(error, _ENDED):
            return error
        return error.adding(f"It was the login of {self._user} at {self._server}.")

    def open_socket(self) -> Any:
        """Open a connection for a WebSocket, through the environment's proxy and with TLS."""
        connect, _ = self._timeouts
        return http_clients.open_socket(self._server, self._find_proxy(), connect)

    @property
    def proxy(self) -> Proxy | None:
        """The proxy of the most recent connections."""
        return self._proxy

    def _find_proxy(self) -> Proxy | None:
        self._proxy = http_clients.find_proxy(self._server)
        return self._proxy

    # ---- requests

    def _live(self) -> Followers:
        from jupyter_sessions.client.transports.websocket import Followers

        with self._lock:
            self._still_open()
            if self._followers is None:
                self._followers = Followers(self, *self._timeouts)
            return self._followers

    def _still_open(self) -> None:
        if self._closed:
            raise errors.ConnectionClosed

    def _before(self, step: str, pace: ReadDeadline) -> None:
        """Abort a request when the transport is closed, before it connects or sends."""
        if step.endswith(".started") and ("connect" in step or "send" in step):
            self._still_open()
        if step.endswith("receive_response_headers.started"):
            pace.begin()

    def _client(self) -> httpx.Client:
        with self._lock:
            self._still_open()
            if self._connections is None:
                self._connections = http_clients.make_http_client(self._server, self._find_proxy())
            return self._connections

    @contextmanager
    def _answered(
        self,
        operation: Operation[Any, Any],
        request: schemas.Request,
        content: bytes | Path | None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[httpx.Response]:
        """Send a request; return a successful response, else raise its error."""
        with self._translate_failures(), ExitStack() as stack:
            key = self._key
            response = self._send_request(operation, request, content, stack, headers)
            if response.status_code == 401:
                told = http_errors.failure(self._server, response)
                if not self._has_other_key(key, told):
                    raise self._with_whose(told)
                response = self._send_request(operation, request, content, stack, headers)
            if not response.is_success:
                raise http_errors.failure(self._server, response)
            yield response

    @contextmanager
    def _translate_failures(self) -> Iterator[None]:
        try:
            with http_errors.translate_failures(self._server, lambda: self._proxy):
                yield
        except (errors.ServerUnreachable, RuntimeError) as error:
            # The request was pending when another thread closed the transport.
            if self._closed:
                raise errors.ConnectionClosed from error
            raise

    def _send_request(
        self,
        operation: Operation[Any, Any],
        request: schemas.Request,
        content: bytes | Path | None,
        stack: ExitStack,
        more_headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        import httpx

        client = self._client()
        url, fields = self.route(operation, request)
        connect, read = self._timeouts
        pace = ReadDeadline(read)
        timeouts = {**httpx.Timeout(read, connect=connect).as_dict(), "read": pace}
        extensions = {"timeout": timeouts, "trace": lambda step, _: self._before(step, pace)}
        sent: dict[str, Any] = {"extensions": extensions}
        headers = self.headers() | dict(more_headers or {})
        streamed = operation.content == "upload"
        if streamed:
            if isinstance(content, Path):
                snapshot = stack.enter_context(open_snapshot(content))
                sent["content"] = snapshot.pieces()
                headers["Content-Length"] = str(snapshot.size)
            else:
                sent["content"] = content or b""
            sent["params"] = _as_query(fields)
            headers["Content-Type"] = "application/octet-stream"
        elif operation.method == "GET":
            sent["params"] = _as_query(fields)
        else:
            body = [*_as_json(fields)]
            size = sum(map(len, body))
            streamed = size > PIECE
            # Without a copy of the outputs, which may be hundreds of megabytes.
            sent["content"] = split_pieces(body) if streamed else b"".join(body)
            headers["Content-Length"] = str(size)
            headers["Content-Type"] = "application/json"
        asked = client.build_request(operation.method, url, headers=headers, **sent)
        meant = asked.url.path.removeprefix(urlsplit(self._server).path + api.PREFIX)
        for _ in range(_REDIRECTS):
            response = client.send(asked, stream=True)
            stack.callback(response.close)
            onward = response.next_request
            if onward is None:
                return response
            if (
                http_errors.origin(onward.url) != http_errors.origin(asked.url)
                or onward.method != asked.method
                or not onward.url.path.endswith(meant)  # for instance, a login page
                or streamed
            ):
                raise http_errors.redirected_away(self._server, onward.url)
            asked = onward
        raise http_errors.redirected_away(self._server, asked.url)


def _repeat(act: Callable[[], T], waits: Sequence[float], arrived: Callable[[], int] = int) -> T:
    """Do something, and again after each wait where its connection broke.

    Parameters
    ----------
    act
        What to do; safe to repeat.
    waits
        Seconds before each repetition.
    arrived
        Returns how many bytes have arrived so far. Waits are counted from the last progress.
    """
    lost: errors.SessionsError | None = None
    rest, before = iter(waits), arrived()
    while True:
        try:
            return act()
        except errors.ContentDamaged:
            raise
        except errors.ServerSilent as error:
            # That took as long as a server may be silent, and would again.
            if arrived() - before < _PROGRESS:
                raise lost or error from None
            lost = lost or error
        except _PASSING as error:  # it may be starting again
            if lost is None and not isinstance(error, errors.ConnectionLost):
                raise
            lost = lost or error
        if arrived() > before:
            rest, before = iter(waits), arrived()
        wait = next(rest, None)
        if wait is None:
            raise lost
        time.sleep(spread_wait(wait))


def _checked(key: str | None) -> str | None:
    # A key that is not a valid header value would appear in the HTTP library's error message.
    if key is not None and not _KEY.fullmatch(key):
        raise errors.NotLoggedIn("The stored key is damaged.", hint="Log in again.")
    return key


def _encode_fields(request: schemas.Request) -> dict[str, Any]:
    """Return the request's fields that differ from their defaults."""
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(request):
        value = getattr(request, field.name)
        if value is not msgspec.UNSET and (field.required or value != field.default):
            fields[field.name] = value
    return fields


def _in_path(value: str, *, several: bool) -> str:
    """Encode a field for a URL's path: as one segment or, with `several`, split at its slashes."""
    # Servers and proxies would interpret a segment of dots.
    return "/".join(
        part.replace(".", "%2E") if part in {".", ".."} else quote(part, safe="")
        for part in (value.split("/") if several else [value])
    )


def _as_query(fields: dict[str, Any]) -> dict[str, str]:
    plain = msgspec.to_builtins(
        {name: value for name, value in fields.items() if value is not None}
    )
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in plain.items()
    }


def _as_json(fields: dict[str, Any]) -> Parts:
    """Yield a body as JSON, without copying the large parts of encoded outputs."""
    try:
        match fields:
            case {"commands": [schemas.Recording(), *_], **rest} if not rest:
                yield from encode_recordings(fields["commands"])
            case _:
                yield msgspec.json.encode(fields)
    except (UnicodeEncodeError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise errors.BadRequest(
            f"This can't be sent as JSON: {error}",
            hint="Send text, numbers, lists and dictionaries.",
        ) from error
