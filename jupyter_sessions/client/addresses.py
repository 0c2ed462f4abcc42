"""Parse and normalize session references, server addresses and invitations.

The result decides where a key or a password is sent, so ambiguous input is refused.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from jupyter_sessions import urls
from jupyter_sessions.errors import BadAddress, BadPort, BadReference, BadRequest

_URL = re.compile(r"(?:(?P<user>.*)@)?(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)")

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?")

_BASE = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

DEFAULT_PORT = {"http": 80, "https": 443}

_LONGEST = 4_000


_REFERENCE_HINT = (
    "Name a session by its code (22 digits) or by its URL, SERVER/sessions/CODE/experiment."
)

_ADDRESS_HINT = (
    "Write SERVER, SERVER:PORT or a URL such as https://SERVER/base. You can put USER@ before it."
)


@dataclass(frozen=True)
class Reference:
    """A reference to a session, as typed by a user.

    Attributes
    ----------
    code
        The session's code, or ``default``.
    server
        The base URL of the server in the session URL, without a trailing slash; None for a code
        without a server.
    command, path
        The number of the command, or the path of the file, that the session URL leads to.
    """

    code: str
    server: str | None = None
    command: int | None = field(default=None, compare=False)
    path: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Address:
    """A server address and, optionally, a user name.

    Attributes
    ----------
    user
        The user's name, or None if omitted.
    server
        The server's base URL without a trailing slash, or None if omitted.
    port
        The port, if given; it is also part of `server`, unless it is the scheme's default.
    """

    user: str | None
    server: str | None
    port: int | None = field(default=None, compare=False)


def parse_reference(text: str) -> Reference:
    """Parse a session's code or URL.

    A session URL may continue after ``/experiment``, as permalinks do, and end in a query or
    fragment.

    Parameters
    ----------
    text
        ``CODE``, ``default`` or ``SERVER/sessions/CODE/experiment``.

    Raises
    ------
    BadReference
        For anything else.
    """
    text = text.strip()
    if urls.is_code(text):
        return Reference(text)
    found = _URL.fullmatch(text)
    if not found or len(text) > _LONGEST:
        raise BadReference(
            f"{_quote_address(text)} is neither a session's code nor a session URL.",
            hint=_REFERENCE_HINT,
        )
    if found["scheme"].lower() not in DEFAULT_PORT:
        raise BadReference(
            "A session URL begins with http:// or https://, "
            f"not {_quote_address(found['scheme'])}.",
            hint=_REFERENCE_HINT,
        )
    rest = re.split(r"[?#]", found["rest"], maxsplit=1)[0]
    authority, path = _split_path(rest)
    if found["user"] is not None or "@" in authority:
        raise BadReference(
            "A session URL can't contain a user name or a password.",
            hint="Remove what stands before the @, and log in to the server instead.",
        )
    session = urls.split_session_path(path)
    if session is None:
        raise BadReference(
            f"{_quote_address(text)} is not a valid session URL.", hint=_REFERENCE_HINT
        )
    try:
        server = _server(found["scheme"].lower(), authority, session.base)
    except BadAddress as error:
        raise BadReference(
            f"This is not a valid session URL. {error.message}", hint=error.hint
        ) from None
    return Reference(session.code, server, session.command, session.path)


def parse_address(text: str) -> Address:
    """Parse a login address: the server and the user.

    Without a scheme, ``http`` is used for a server on this machine and ``https`` for any other. A
    session URL, or the URL of the list of sessions, stands for its server.

    Parameters
    ----------
    text
        ``[[USER@]SERVER[:PORT]]``, where SERVER may be an IPv6 address in brackets, have a base
        path, or be an http or https URL. The last ``@`` splits the user from the server.

    Raises
    ------
    BadPort
        When the port is not a number from 1 to 65535.
    BadAddress
        When it is not a valid address for another reason, or is ambiguous.
    """
    text = text.strip()
    if not text:
        return Address(None, None)
    if len(text) > _LONGEST:
        raise BadAddress("The address is too long.", hint=_ADDRESS_HINT)
    found = _URL.fullmatch(text)
    if found:
        scheme = found["scheme"].lower()
        rest, _, query = re.sub(r"#.*", "", found["rest"]).partition("?")
        authority, path = _split_path(rest)
        user, authority = _split_user(authority)
        if user is not None and (found["user"] is not None or ":" in user):
            raise BadAddress(
                "The address contains a password or a second user name.",
                hint="Write USER@https://SERVER; you are then asked for the password.",
            )
        user = found["user"] if user is None else unquote(user)
    else:
        user, rest = _split_user(text)
        if user is not None and "/" in user:
            raise BadAddress(
                "The address is ambiguous: it has an @ after a slash.",
                hint="Write the server as a URL, USER@https://SERVER/base.",
            )
        authority, path = _split_path(rest)
        query = ""
        scheme = "http" if is_loopback(_host_and_port(authority)[0]) else "https"
    if scheme not in DEFAULT_PORT:
        raise BadAddress(
            f"A server's address begins with http or https, not with {_quote_address(scheme)}.",
            hint=_ADDRESS_HINT,
        )
    session = urls.split_session_path(path)
    base = urls.split_list_path(path) if session is None else session.base
    if query and base is None:
        raise BadAddress("A server's address can't have a query (?…).", hint=_ADDRESS_HINT)
    if user is not None and (not user or "/" in user or _CONTROL.search(user)):
        raise BadAddress("What stands before the @ is not a valid user name.", hint=_ADDRESS_HINT)
    server = _server(scheme, authority, path if base is None else base)
    return Address(user, server, _host_and_port(authority)[1])


def parse_invitation(text: str) -> tuple[str | None, str]:
    """Parse an invitation: a key, or the address of the join page with the key behind a #.

    Returns
    -------
    tuple of str or None, and str
        The server's base URL, or None for a key without an address; and the key.

    Raises
    ------
    BadReference
        When it contains no key.
    BadAddress
        When the part before the key is not a valid server address.
    """
    address, mark, key = text.strip().rpartition("#")
    if not urls.is_invitation_key(key):
        raise BadReference(
            "This is not a valid invitation: it is neither a key nor an address with a key.",
            hint="A key begins with jinv_; an address ends in #jinv_…",
        )
    return (parse_address(address).server if mark else None), key


def is_loopback(host: str) -> bool:
    """Tell whether `host` (a name, or an IP address without brackets) is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def get_host(server: str) -> str:
    """Return the host in a server's base URL, an IPv6 address without its brackets."""
    return _host_and_port(_split_path(server.partition("://")[2])[0])[0]


def get_port(server: str) -> int:
    """Return the port in a server's base URL, or else the default port of its scheme."""
    scheme, _, rest = server.partition("://")
    return _host_and_port(_split_path(rest)[0])[1] or DEFAULT_PORT[scheme]


def _quote_address(text: str) -> str:
    # The parts behind ? and before @ may be secret.
    shown = re.split(r"[?#]", text, maxsplit=1)[0]
    if "@" in shown:
        return "This"
    return ascii(shown if len(shown) <= 60 else shown[:60] + "…")


def _split_path(rest: str) -> tuple[str, str]:
    authority, slash, path = rest.partition("/")
    return authority, slash + path


def _split_user(text: str) -> tuple[str | None, str]:
    user, at, rest = text.rpartition("@")
    return (user if at else None), rest


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?", authority)
    if not found:
        raise BadAddress(
            f"{_quote_address(authority)} is not a valid server and port.",
            hint="Put an IPv6 address in brackets: [::1]:8888.",
        )
    host, port = found[1].lower(), found[2]
    if port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= 65_535):
        raise BadPort(
            f"{_quote_address(port)} is not a valid port.",
            hint="A port must be a number from 1 to 65535.",
        )
    if host.startswith("["):
        try:
            host = ipaddress.IPv6Address(host[1:-1].replace("%", "!")).compressed  # no scopes
        except ValueError:
            raise BadAddress(
                f"{_quote_address(host)} is not a valid IPv6 address.", hint=_ADDRESS_HINT
            ) from None
    elif not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise BadAddress(
                f"{_quote_address(host)} is not a valid server name.", hint=_ADDRESS_HINT
            ) from None
    return host, int(port) if port else None


def _server(scheme: str, authority: str, path: str) -> str:
    host, port = _host_and_port(authority)
    if ":" in host:
        host = f"[{host}]"
    elif not _HOST.fullmatch(host):
        raise BadAddress(f"{_quote_address(host)} is not a valid server name.", hint=_ADDRESS_HINT)
    path = path.rstrip("/")
    segments = [unquote_to_bytes(segment) for segment in path.split("/")]
    odd = b"." in segments or b".." in segments or _UNPRINTABLE.search(unquote(path))
    if odd or not _BASE.fullmatch(path):
        raise BadAddress(
            f"{_quote_address(path)} is not a valid base path of a server.", hint=_ADDRESS_HINT
        )
    # Logins are found by the URL, so it must have one spelling.
    base = "/".join(quote(segment, safe="~!$&'()*+,;=:@") for segment in segments)
    shown_port = "" if port in (None, DEFAULT_PORT[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown_port}{base}"


T = TypeVar("T")


def address(
    target: str | None = None,
    server: str | None = None,
    user: str | None = None,
    port: str | None = None,
) -> Address:
    """Combine the arguments that say where to log in, and as whom.

    Parameters
    ----------
    target, server
        ``[USER@]SERVER[:PORT]``, or a URL.
    user
        The user's name.
    port
        A port for a server that is named without one, or not named at all.

    Raises
    ------
    BadRequest
        When two arguments contradict each other.
    BadAddress, BadPort
        When the address or the port is not valid.
    """
    if user is not None and not user.strip():
        raise BadRequest("A user's name can't be empty.", hint="Leave it out, or name a user.")
    one, other = parse_address(target or ""), parse_address(server or "")
    at = _once("port", one.port, other.port, _port(port))
    servers = [without_port(each.server) for each in (one, other) if each.server is not None]
    named = _once("server", *servers)
    who = _once("user", one.user, other.user, user)
    return Address(who, named if named is None or at is None else with_port(named, at), at)


def with_port(server: str, port: int) -> str:
    """Return a server's base URL with another port."""
    parts = urlsplit(server)
    bare = without_port(server)
    if port == DEFAULT_PORT[parts.scheme]:
        return bare
    scheme, _, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}:{port}{slash}{path}"


def without_port(server: str) -> str:
    """Return a server's base URL without its port."""
    return re.sub(r"^(https?://(?:\[[^\]]*\]|[^:/]*)):[0-9]+", r"\1", server)


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not (re.fullmatch(r"[0-9]{1,5}", text) and 1 <= int(text) <= 65_535):
        raise BadPort(
            f"{text!r} is not a valid port.", hint="A port must be a number from 1 to 65535."
        )
    return int(text)


def _once(what: str, *values: T | None) -> T | None:
    said = list(dict.fromkeys(each for each in values if each is not None))
    if len(said) > 1:
        raise BadRequest(
            f"Two different values are given for the {what}: {said[0]} and {said[1]}.",
            hint="Leave one of them out.",
        )
    return said[0] if said else None


def same_server(one: str, other: str) -> bool:
    """Tell whether two base URLs name one server, even by different names of this machine."""
    try:
        other = parse_address(other).server or ""
    except BadAddress:
        return False
    return _place(one) == _place(other)


def _place(server: str) -> tuple[str, str, int | None, str]:
    # This machine has several names for itself, and browsers may show any of them.
    host = get_host(server)
    parts = urlsplit(server)
    return parts.scheme, "localhost" if is_loopback(host) else host, parts.port, parts.path
