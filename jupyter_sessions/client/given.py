"""A server and a user that may be named in several ways at once: together, and each by itself."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import urlsplit

from jupyter_sessions.client.addresses import DEFAULT_PORT, Address, parse_address
from jupyter_sessions.errors import BadPort, BadRequest

T = TypeVar("T")


def address(
    whole: str | None = None,
    server: str | None = None,
    user: str | None = None,
    port: str | None = None,
) -> Address:
    """Put together what is said of where to log in, and as whom.

    Parameters
    ----------
    whole, server
        ``[USER@]SERVER[:PORT]``, or a URL.
    user
        The user's name.
    port
        A port for a server that is named without one, or by nobody.

    Raises
    ------
    BadRequest
        When one thing is given twice and differently.
    BadAddress, BadPort
        When something is no address, or no port.
    """
    if user is not None and not user.strip():
        raise BadRequest("A user's name can't be empty.", hint="Leave it out, or name a user.")
    one, other = parse_address(whole or ""), parse_address(server or "")
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
        raise BadPort(f"{text!r} is not a port.", hint="A port is a number from 1 to 65535.")
    return int(text)


def _once(what: str, *given: T | None) -> T | None:
    said = list(dict.fromkeys(each for each in given if each is not None))
    if len(said) > 1:
        raise BadRequest(
            f"The {what} is given twice, and differently: {said[0]} and {said[1]}.",
            hint="Leave one of them out.",
        )
    return said[0] if said else None
