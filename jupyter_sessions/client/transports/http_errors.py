"""What answers and failures of HTTP mean to the one who asked."""

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
    """A read time-out that httpx is given in place of a number, as it may be had of an integer.

    A number would count anew with each byte, so a server that drips would never be too slow. This
    one is asked before each read, and has an end that moves only with what has come.

    Parameters
    ----------
    seconds
        The longest time without a byte, and until an answer's head is there.
    """

    def __init__(self, seconds: float) -> None:
        self._longest = seconds
        self._end = math.inf

    def begin(self) -> None:
        """Wait for an answer's head from now on."""
        self.within(self._longest)

    def within(self, seconds: float) -> None:
        """End so many seconds from now, in place of the end that was there."""
        self._end = time.monotonic() + seconds

    def __index__(self) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return max(1, math.ceil(min(left, self._longest)))


_LONGEST_ERROR = 1 << 20

WHOLE_WITHIN = 60.0  #: seconds from an answer's first byte to its last, where it is short

SLOWEST = 1 << 14  #: bytes a second at which a longer one must come on

#: Bytes of a download that must come in each such time: it may take long, but not without end.
LEAST = 60 << 10


# What a server, or a proxy before it, means by a status without a sessions server's own words.
_BY_STATUS: dict[int, tuple[type[errors.SessionsError], str, str]] = {
    401: (errors.NotLoggedIn, "{} does not know who is asking.", "Log in to it again."),
    407: (
        errors.ServerUnreachable,
        "The proxy before {} wants a user name and password.",
        "Write them into its address, as in HTTP_PROXY=http://USER:PASSWORD@HOST:PORT.",
    ),
    403: (errors.NotLoggedIn, "{} does not let this request in.", "Log in to it again."),
    413: (errors.TooLarge, "That is more than {} takes.", "Send less, or raise its limit."),
    429: (errors.TooManyTries, "{} was asked too often.", "Wait a little, then try again."),
    500: (errors.InternalError, "{} failed.", "Its log tells why."),
    424: (errors.ServerUnreachable, "{} is not running.", "Start it, then try again."),
    502: (errors.ServerUnreachable, "{} is not running behind its proxy.", "Try again later."),
    503: (errors.ServerUnreachable, "{} is not available now.", "Try again later."),
    504: (errors.ServerSilent, "{} gave its proxy no answer.", "Try again later."),
}


def is_json(response: httpx.Response) -> bool:
    """Tell whether the answer says that it is JSON."""
    media_type: str = response.headers.get("content-type", "").partition(";")[0]
    return media_type.strip().lower() == "application/json"


def origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Give what a key must not leave: scheme, host and port."""
    return url.scheme, url.host, url.port


def failure(server: str, response: httpx.Response) -> errors.SessionsError:
    """Make the exception that an answer other than 2xx stands for."""
    if is_json(response):
        told = told_by(_read(response, _LONGEST_ERROR))
        if told:
            return told
    return by_status(server, response.status_code) or foreign(server, response.status_code)


def whole(server: str, response: httpx.Response, longest: int) -> bytes:
    """Read an answer whole, if it is not longer than that.

    Raises
    ------
    NotASessionsServer
        When it goes on for longer.
    """
    body = _read(response, longest)
    if len(body) > longest:
        raise errors.NotASessionsServer(
            f"{server} sent more than {longest >> 20} MiB, and still no end of its answer.",
            hint="Check the address with its base path, or ask who runs it.",
        )
    return body


class Writable(Protocol):
    """What a body is written into."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""


def pour(response: httpx.Response, target: Writable) -> None:
    """Write a body into a file as it comes, however long that takes, while enough comes."""
    pace, came = _pace(response), 0
    pace.within(WHOLE_WITHIN)
    for part in response.iter_bytes():
        target.write(part)
        came += len(part)
        if came >= LEAST:
            pace.within(WHOLE_WITHIN)
            came = 0


def _read(response: httpx.Response, longest: int) -> bytes:
    """Read a body, and stop where it gets longer than that."""
    pace, begun = _pace(response), time.monotonic()
    parts, size = [], 0
    pace.within(WHOLE_WITHIN)
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > longest:
            break
        pace.within(begun + WHOLE_WITHIN + size / SLOWEST - time.monotonic())
    return b"".join(parts)


def _pace(response: httpx.Response) -> ReadDeadline:
    pace: ReadDeadline = response.request.extensions["timeout"]["read"]
    return pace


def told_by(body: bytes) -> errors.SessionsError | None:
    """Read an error as a sessions server words it; None when it is not one."""
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return errors.from_wire(told) if isinstance(told, dict) and "code" in told else None


def by_status(server: str, status: int) -> errors.SessionsError | None:
    """Make the exception that a bare status stands for; None when it tells nothing of use."""
    if status not in _BY_STATUS:
        return None
    kind, message, hint = _BY_STATUS[status]
    return kind(message.format(server), hint=hint)


def foreign(server: str, status: int) -> errors.SessionsError:
    """Make the exception for an answer that no sessions server gives."""
    return errors.NotASessionsServer(
        f"{server} answered (status {status}), but not as a sessions server does.",
        hint="Check the address with its base path, and that jupyter_sessions is installed there.",
    )


def not_understood(server: str) -> errors.SessionsError:
    """Make the exception for an answer that is not of the operation's form."""
    return errors.NotASessionsServer(
        f"{server} answered in a form that this version does not understand.",
        hint="Check the address, and that client and server have versions that fit.",
    )


def redirected_away(server: str, target: httpx.URL) -> errors.SessionsError:
    """Make the exception for a redirect to where the key must not go."""
    import httpx

    if origin(target) == origin(httpx.URL(server)):
        return errors.RedirectedAway(
            f"{server} does not answer, but sends us on to {target.path}, as servers do that want "
            "a login of another kind first.",
            hint="Check the address with its base path. Where a proxy or a hub stands before it, "
            "ask who runs it how programs get in.",
        )
    base = f"{target.scheme}://{target.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
    return errors.RedirectedAway(
        f"{server} sends us on to {base}; your key is sent nowhere but to the server itself.",
        hint=f"If {base} is where the sessions are, log in there.",
    )


@contextmanager
def failures_named(
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
        with _proxy_named(server, find_proxy):
            yield
    except httpx.ConnectTimeout as error:
        raise errors.ServerUnreachable(
            f"{server} did not take the connection in time.",
            hint=f"Check the address, the network and any firewall between.{_other_scheme(server)}",
        ) from error
    except httpx.TimeoutException as error:
        raise silent(server) from error
    except httpx.LocalProtocolError as error:
        raise errors.BadRequest(
            "The request could not be sent whole.",
            hint="A file that changes while it is sent can't be; try again.",
        ) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise errors.BadAddress(f"{server} is not a valid address.", hint="Check it.") from error
    except httpx.DecodingError as error:
        raise errors.NotASessionsServer(
            f"{server} sent an answer that can't be unpacked.", hint="Check the address."
        ) from error
    except httpx.HTTPError as error:
        raise (lost if _has_ended(error) else broken)(server, error) from error


@contextmanager
def _proxy_named(server: str, find_proxy: Callable[[], Proxy | None]) -> Iterator[None]:
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


def silent(server: str) -> errors.SessionsError:
    """Make the exception for a server that takes a request and then says nothing, or too little."""
    return errors.ServerSilent(
        f"{server} took the request, and then sent nothing, or too little of its answer.",
        hint="It hangs or is overloaded, or the network is slow. Try again later, or ask who runs "
        "it.",
    )


def broken(server: str, error: BaseException) -> errors.SessionsError:
    """Make the exception for a connection that was not made, not trusted, or broke."""
    causes = list(http_clients.list_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.ServerNotTrusted(
                f"{server} can't prove that it is that server: {cause.verify_message}.",
                hint="If it has a certificate of your own authority, name that in SSL_CERT_FILE. "
                f"Otherwise do not log in there. {http_clients.explain_trust()}".rstrip(),
            )
        if isinstance(cause, ssl.SSLError):
            return errors.NotASessionsServer(
                f"{server} does not speak https there.",
                hint=f"Check the port.{_other_scheme(server)}",
            )
    # Failures of name resolution have negative numbers of their own.
    numbers = (cause.errno for cause in causes if isinstance(cause, OSError))
    why = next((os.strerror(number) for number in numbers if number and number > 0), "")
    return errors.ServerUnreachable(
        f"{server} can't be reached{': ' + why if why else ''}.",
        hint=f"Check the address, and that the server is running.{_other_scheme(server)}",
    )


def _has_ended(error: httpx.HTTPError) -> bool:
    """Tell whether a connection that was there has ended, rather than spoken something else."""
    import httpx

    if isinstance(error, httpx.RemoteProtocolError):
        # httpcore and h11 raise the same for both.
        return any(said in str(error) for said in ("disconnected", "peer closed"))
    return isinstance(error, httpx.NetworkError) and not isinstance(error, httpx.ConnectError)


def lost(server: str, error: BaseException) -> errors.SessionsError:
    """Make the exception for a connection that was there, and broke."""
    failure = broken(server, error)
    if type(failure) is not errors.ServerUnreachable:
        return failure
    return errors.ConnectionLost(failure.message, hint=failure.hint)


def _other_scheme(server: str) -> str:
    # Either of the two, asked in the other's language, may just say nothing.
    if server.startswith("https:"):
        plain = server.replace("https:", "http:", 1)
        return (
            f" A server without TLS is named with http://: {plain}. Passwords travel in clear then."
        )
    return " A server with TLS is named with https://."
