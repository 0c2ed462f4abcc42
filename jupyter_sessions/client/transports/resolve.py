"""Choose the transport for a command: HTTP to a server, or in process."""

from __future__ import annotations

from contextlib import suppress

from jupyter_sessions import errors, schemas
from jupyter_sessions.client import login_context, logins
from jupyter_sessions.client.addresses import (
    Address,
    Reference,
    parse_reference,
    same_server,
)
from jupyter_sessions.client.local_servers import is_own
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.selection import choose_login, find, find_login_at
from jupyter_sessions.client.transports.base import Transport


def transport(server: str | None = None) -> Transport:
    """Return the transport to the sessions.

    They are reached with the login that `logins.choose_login` chooses; without one, operations run
    in process, on the user's own store.

    Parameters
    ----------
    server
        ``[USER@]SERVER[:PORT]``, or a URL.

    Raises
    ------
    NoLogin, LoginGone, BadAddress
        As `logins.choose_login`.
    """
    return _by(choose_login(server))


def transport_for(reference: Reference | str) -> Transport:
    """Return the transport to a session; no request is sent to a server without a login there.

    Parameters
    ----------
    reference
        A session's code or URL, or the result of `parse_reference`.

    Raises
    ------
    BadReference
        When `reference` is not a valid session reference.
    NoLogin
        When the URL belongs to a server that is not the user's own, and no login for it is stored.
    """
    if isinstance(reference, str):
        reference = parse_reference(reference)
    if reference.server is None:
        return transport()
    return _by(find_login_at(Address(None, reference.server)))


def open_transport(server: str | None, user: str) -> Transport:
    """Return the transport to a server as one of its users or, without a server, to the own store.

    Raises
    ------
    NoLogin
        When no login of that user there is stored.
    """
    if server is not None:
        return _by(find_login_at(Address(user, server)))
    own = in_process()
    if own.user != user:
        raise errors.NoLogin(
            f"This is the store of {own.user}, not of {user}.", hint=f"Work as {user} on this disk."
        )
    return own


def _by(login: logins.Login | None) -> Transport:
    return over_http(login) if login else in_process()


def over_http(login: logins.Login) -> Transport:
    """Return the transport for a stored login; the server's answers about the login are stored."""
    from jupyter_sessions.client.transports.http import HttpTransport

    used = Used(login)
    return HttpTransport(login.server, used.key, login.user, renew=used.renew, learn=used.learn)


def in_process() -> Transport:
    """Return the transport to the user's own store."""
    from jupyter_sessions.client.transports.local import LocalTransport

    return LocalTransport()


def reaches(way: Transport, server: str) -> bool:
    """Tell whether a transport leads to the server with this base URL."""
    return is_own(server) if way.server is None else same_server(server, way.server)


class Used:
    """The login that a transport currently uses.

    Attributes
    ----------
    login, key
        The login and its key.
    """

    def __init__(self, login: Login) -> None:
        self.login = login
        self.key = login.key

    def renew(self) -> str | None:
        """Switch to another stored login of the same users, and return its key or None."""
        login_context.refresh()  # another process may have stored it
        newer = find(self.login.server, self.login.user, self.login.real_user)
        if newer is None:
            return None
        self.login, self.key = newer, newer.key
        return self.key

    def learn(self, key: str, answer: schemas.Login | errors.SessionsError | None) -> None:
        """Store the server's answer about the login, if it concerns its key; see `storage`."""
        if key != self.key or (
            isinstance(answer, schemas.Login) and answer.id != self.login.number
        ):
            return
        with suppress(errors.SessionsError):  # the requested operation has succeeded all the same
            self.login = storage.learn(self.login, answer)
