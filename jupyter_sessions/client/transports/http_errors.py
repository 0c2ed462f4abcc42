"""Convert HTTP responses and failures to errors, and limit the time and size of responses."""

from __future__ import annotations

import math
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from jupyter_sessions import errors
from jupyter_sessions.client.transports import http_clients

if TYPE_CHECKING:
    import httpx

    from jupyter_sessions.client.transports.http_clients import Proxy


class ReadDeadline:
    """A read deadline that httpx accepts as a time-out, as it converts to a number.

    A plain number restarts with each byte, so a server that drips would never time out. This object
    is evaluated before each read, and its end moves only with sufficient progress.

    Parameters
    ----------
    seconds
        The longest time without a byte, and until the response's headers.
    """

    def __init__(self, seconds: float) -> None:
        self._longest = seconds
        self._end = math.inf

    def begin(self) -> None:
        """Start waiting for a response's headers."""
        self.within(self._longest)

    def within(self, seconds: float) -> None:
        """End in this many seconds, replacing the previous end."""
        self._end = time.monotonic() + seconds

    def __index__(self) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return max(1, math.ceil(min(left, self._longest)))


_LONGEST_ERROR = 1 << 20

RESPONSE_TIMEOUT = 60.0  #: seconds from the first to the last byte of a short response

SLOWEST = 1 << 14  #: minimum rate of a longer response in bytes a second

#: Bytes of a download that must arrive in each such period: it may take long, but not forever.
LEAST = 60 << 10


# The meaning of a bare status from a server or proxy, without a sessions server's error.
_BY_STATUS: dict[int, tuple[type[errors.SessionsError], str, str]] = {
    401: (errors.NotLoggedIn, "{} does not know who you are.", "Log in to it again."),
    407: (
        errors.ServerUnreachable,
        "The proxy in front of {} requires a user name and password.",
        "Write them into its address, as in HTTP_PROXY=http://USER:PASSWORD@HOST:PORT.",
    ),
    403: (errors.NotLoggedIn, "{} refuses this request.", "Log in to it again."),
    413: (
        errors.TooLarge,
        "The content is larger than {} accepts.",
        "Send less, or raise its limit.",
    ),
    429: (errors.TooManyTries, "{} received too many requests.", "Wait a moment, then try again."),
    500: (errors.InternalError, "{} failed.", "See its log for the reason."),
    424: (errors.ServerUnreachable, "{} is not running.", "Start it, then try again."),
    502: (errors.ServerUnreachable, "{} is not running behind its proxy.", "Try again later."),
    503: (errors.ServerUnreachable, "{} is not available now.", "Try again later."),
    504: (errors.ServerSilent, "{} did not answer its proxy.", "Try again later."),
}


def is_json(response: httpx.Response) -> bool:
    """Tell whether the response is declared as JSON."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower() == "application/json"


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port, within which a key must stay."""
    return url.scheme, url.host, url.port


def failure(server: str, response: httpx.Response) -> errors.SessionsError:
    """Return the error for a response with a status other than 2xx."""
    if is_json(response):
        told = parse_error(_read(response, _LONGEST_ERROR))
        if told:
            return told
    return by_status(server, response.status_code) or foreign(server, response.status_code)


def read_body(server: str, response: httpx.Response, longest: int) -> bytes:
    """Read a complete response, up to a maximum size.

    Raises
    ------
    NotASessionsServer
        When the response is longer.
    """
    body = _read(response, longest)
    if len(body) > longest:
        raise errors.NotASessionsServer(
            f"{server} sent an answer of more than {longest >> 20} MiB, so the rest was not read.",
            hint="Check the address with its base path, or ask the server's administrator.",
        )
    return body


class Writable(Protocol):
    """What a body is written into."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


def write_body(response: httpx.Response, target: Writable) -> None:
    """Write a body into a file as it comes, however long that takes, while enough comes."""
    pace, came = _pace(response), 0
    pace.within(RESPONSE_TIMEOUT)
    for part in response.iter_bytes():
        target.write(part)
        came += len(part)
        if came >= LEAST:
            pace.within(RESPONSE_TIMEOUT)
            came = 0


def _read(response: httpx.Response, longest: int) -> bytes:
    """Read a body, and stop if it gets too long."""
    pace, begun = _pace(response), time.monotonic()
    parts, size = [], 0
    pace.within(RESPONSE_TIMEOUT)
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > longest:
            break
        pace.within(begun + RESPONSE_TIMEOUT + size / SLOWEST - time.monotonic())
    return b"".join(parts)


def _pace(response: httpx.Response) -> ReadDeadline:
    pace: ReadDeadline = response.request.extensions["timeout"]["read"]
    return pace


def parse_error(body: bytes) -> errors.SessionsError | None:
    """Parse a sessions server's error; return None if it is not one."""
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return errors.from_wire(told) if isinstance(told, dict) and "code" in told else None


def by_status(server: str, status: int) -> errors.SessionsError | None:
    """Return the error for a bare status; None if it says nothing useful."""
    if status not in _BY_STATUS:
        return None
    kind, message, hint = _BY_STATUS[status]
    return kind(message.format(server), hint=hint)


def foreign(server: str, status: int) -> errors.SessionsError:
    """Return the error for a response that is not from a sessions server."""
    return errors.NotASessionsServer(
        f"{server} answered (status {status}), but it is not a sessions server.",
        hint="Check the address with its base path, and that jupyter_sessions is installed there.",
    )


def not_understood(server: str) -> errors.SessionsError:
    """Return the error for a response that does not match the operation's schema."""
    return errors.NotASessionsServer(
        f"{server} sent an answer that this version does not understand.",
        hint="Check the address, and that client and server have matching versions.",
    )


def redirected_away(server: str, target: httpx.URL) -> errors.SessionsError:
    """Return the error for a redirect to where the key must not be sent."""
    import httpx

    if origin(target) == origin(httpx.URL(server)):
        return errors.RedirectedAway(
            f"{server} redirects to {target.path}. Servers do that when they require "
            "another kind of login first.",
            hint="Check the address with its base path. If a proxy or a hub is in "
            "front of it, ask its administrator how programs log in.",
        )
    base = f"{target.scheme}://{target.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
    return errors.RedirectedAway(
        f"{server} redirects to {base}. Your key was not sent there, since it is sent "
        "only to its own server.",
        hint=f"If the sessions are at {base}, log in there.",
    )


@contextmanager
def translate_failures(
    server: str, find_proxy: Callable[[], Proxy | None] = lambda: None
) -> Iterator[None]:
    """Turn what httpx raises into the failure that it means, with nothing of the request in it.

    Parameters
    ----------
    find_proxy
        Asked after a failure: gives the proxy that the request went through.
    """
    import httpx

    try:
        with _translate_proxy_failures(server, find_proxy):
            yield
    except httpx.ConnectTimeout as error:
        raise errors.ServerUnreachable(
            f"{server} did not accept the connection in time.",
            hint="Check the address, the network and any firewall on the "
            f"way.{_other_scheme(server)}",
        ) from error
    except httpx.TimeoutException as error:
        raise make_silence_error(server) from error
    except httpx.LocalProtocolError as error:
        raise errors.BadRequest(
            "The request was sent only in part.",
            hint="A file that changes while it is being sent can't be published. Try again.",
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise errors.BadAddress(f"{server} is not a valid address.", hint="Check it.") from error
    except httpx.DecodingError as error:
        raise errors.NotASessionsServer(
            f"{server} sent an answer that can't be decompressed.", hint="Check the address."
        ) from error
    except httpx.HTTPError as error:
        raise (lost if _has_ended(error) else make_connection_error)(server, error) from error


@contextmanager
def _translate_proxy_failures(
    server: str, find_proxy: Callable[[], Proxy | None]
) -> Iterator[None]:
    """Turn a proxy's failure into what it means; say of others that a proxy stands between."""
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        proxy = find_proxy()
        told = proxy and http_clients.explain_failure(server, proxy, error)
        if not told:
            raise
        raise told from error


def make_silence_error(server: str) -> errors.SessionsError:
    """Return the error for a server that accepts a request and then sends too little."""
    return errors.ServerSilent(
        f"{server} received the request, but did not send a complete answer in time.",
        hint="The server hangs or is overloaded, or the network is slow. Try again "
        "later, or ask its administrator.",
    )


def make_connection_error(server: str, error: BaseException) -> errors.SessionsError:
    """Make the exception for a connection that was not made, not trusted, or broke."""
    causes = list(http_clients.list_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.ServerNotTrusted(
                f"{server} can't prove its identity: {cause.verify_message}.",
                hint="If its certificate comes from your own authority, set "
                "SSL_CERT_FILE to that authority's certificate. Otherwise do "
                f"not log in there. {http_clients.explain_trust()}".rstrip(),
            )
        if isinstance(cause, ssl.SSLError):
            return errors.NotASessionsServer(
                f"{server} does not use https.",
                hint=f"Check the port.{_other_scheme(server)}",
            )
    # Name resolution failures have negative numbers.
    numbers = (cause.errno for cause in causes if isinstance(cause, OSError))
    why = next((os.strerror(number) for number in numbers if number and number > 0), "")
    return errors.ServerUnreachable(
        f"{server} can't be reached{': ' + why if why else ''}.",
        hint=f"Check the address, and that the server is running.{_other_scheme(server)}",
    )


def _has_ended(error: httpx.HTTPError) -> bool:
    """Tell whether an existing connection has ended, rather than used another protocol."""
    import httpx

    if isinstance(error, httpx.RemoteProtocolError):
        # httpcore and h11 raise the same exception for both.
        return any(said in str(error) for said in ("disconnected", "peer closed"))
    return isinstance(error, httpx.NetworkError) and not isinstance(error, httpx.ConnectError)


def lost(server: str, error: BaseException) -> errors.SessionsError:
    """Return the error for an existing connection that broke."""
    failure = make_connection_error(server, error)
    if type(failure) is not errors.ServerUnreachable:
        return failure
    return errors.ConnectionLost(failure.message, hint=failure.hint)


def _other_scheme(server: str) -> str:
    # HTTP and HTTPS servers may simply close connections that use the other protocol.
    if server.startswith("https:"):
        plain = server.replace("https:", "http:", 1)
        return (
            f" For a server without TLS, write http://: {plain}. Passwords are then "
            "sent unencrypted."
        )
    return " For a server with TLS, write https://."
