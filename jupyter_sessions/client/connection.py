"""Connect a Python program to sessions: `connect` and the `Connection` that it returns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self

from jupyter_sessions import __version__, api, errors, schemas
from jupyter_sessions.client import addresses, logins
from jupyter_sessions.client.addresses import Address, parse_reference
from jupyter_sessions.client.logins.keep_alive import INTERVAL, LoginKeepAlive
from jupyter_sessions.client.presence import PresenceHeartbeat
from jupyter_sessions.client.session import Session
from jupyter_sessions.client.transports import resolve
from jupyter_sessions.client.transports.base import Transport, iterate_pages
from jupyter_sessions.client.transports.http import HttpTransport

#: The presence agent of a script that resumes a session.
AGENT = f"jupyter_sessions {__version__}, Python"


def connect(
    where: str | None = None, *, server: str | None = None, key: str | None = None
) -> Connection:
    """Connect a script to the sessions of a server, or of the user's own store.

    Without arguments, the connection is chosen as for the commands: to the server in
    ``JUPYTER_SESSIONS_URL``, else by the current login, else to the user's own store, in this
    process.

    Parameters
    ----------
    where
        ``[USER@]SERVER[:PORT]``, or a URL, which may be a session's. Requires a stored login there
        (``jupyter sessions login``), or a key.
    server
        The same as `where`, as a keyword.
    key
        A login's key. It is sent only to a sessions server, and not stored. If `server` is omitted,
        the key is used with the default server.

    Returns
    -------
    Connection
        A connection that has been verified: its user is known. Use it in a ``with`` statement.

    Raises
    ------
    NoLogin
        When no login for the server is stored, and no key is given.
    LoginExpired, LoginRevoked, LoginUnknown
        When the server no longer accepts the login or the key.
    ServerUnreachable, ServerNotTrusted, NotASessionsServer
        When the sessions server can't be reached or verified.
    BadAddress, BadRequest
        When the server is not a valid address, or is given twice and differently.
    """
    address = addresses.address(where, server)
    if key is not None:
        own, shown = _read_login(key, address)
        return Connection(HttpTransport(own.server, key, own.user), shown, own)
    login = logins.find_login_at(address)
    transport = resolve.over_http(login) if login else resolve.in_process()
    try:
        shown = transport.call(api.REFRESH_LOGIN, schemas.Nothing())
    except BaseException:
        transport.close()
        raise
    return Connection(transport, shown, login)


def _read_login(key: str, address: Address) -> tuple[logins.Login, schemas.Login]:
    server = address.server or _default_server()
    shown = logins.read_login_of_key(server, key)
    if address.user not in (None, shown.user):
        raise errors.BadRequest(
            f"The key does not belong to {address.user}, but to {shown.user}.",
            hint="Leave the user out, or use another key.",
        )
    return logins.by_key(server, key, shown), shown


def _default_server() -> str:
    named = os.environ.get(logins.SERVER_VARIABLE, "").strip()
    server = addresses.address(named).server if named else None
    current = None if server else logins.current()
    if server is None and current is None:
        raise errors.BadRequest(
            "A key does not say which server it is for.",
            hint='Name the server too: connect("SERVER", key=KEY).',
        )
    return server or (current.server if current else "")


class Connection:
    """A script's connection to the sessions of one server, as one user; see `connect`.

    In a ``with`` statement it keeps the login alive, through a separate process that no computation
    blocks, and closes at the end; so it does when the script exits for any reason. The login itself
    remains usable. Several threads can share a connection.
    """

    def __init__(
        self, transport: Transport, info: schemas.Login, stored: logins.Login | None
    ) -> None:
        self._transport = transport
        self._info = info
        self._stored = stored
        self._keep_alive: LoginKeepAlive | None = None
        self._here: dict[str, PresenceHeartbeat] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"<Connection as {self.user!r} to {self.server or 'the own store'}>"

    def __enter__(self) -> Self:
        if self._closed:
            raise errors.ConnectionClosed
        if self._keep_alive is None and self._stored and self._info.idle_timeout is not None:
            # Four times within the shortest possible time-out.
            often = min(INTERVAL, self._info.idle_timeout * 15.0)
            self._keep_alive = LoginKeepAlive(self._stored, often)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, live followers and the process that keeps the login alive.

        Objects from this connection, such as its sessions, raise `errors.ConnectionClosed` from
        then on.
        """
        self._closed = True
        keeper, self._keep_alive = self._keep_alive, None
        if keeper is not None:
            keeper.stop()
        while self._here:
            self._here.popitem()[1].leave()
        self._transport.close()

    @property
    def server(self) -> str | None:
        """The server's base URL; None for the user's own store."""
        return self._transport.server

    @property
    def user(self) -> str:
        """The user that the connection acts as."""
        return self._info.user

    @property
    def login(self) -> schemas.Login:
        """The login as the server shows it now; reading it does not reset its idle time-out."""
        return self._transport.call(api.CHECK_LOGIN, schemas.Nothing())

    @property
    def has_keep_alive(self) -> bool:
        """Whether a process keeps the login alive now; a login without a time-out needs none."""
        return self._keep_alive is not None and self._keep_alive.running

    def new(
        self,
        label: str = "",
        *,
        description: str = "",
        idle_timeout: int | None = None,
        lifetime: int | None = None,
    ) -> Session:
        """Create a session that you own; the time-outs are in minutes."""
        request = schemas.NewSession(
            label=label, description=description, idle_timeout=idle_timeout, lifetime=lifetime
        )
        return Session(self._transport, self._transport.call(api.CREATE_SESSION, request))

    def session(self, reference: str) -> Session:
        """Return a session by its code, its URL or ``default``.

        Raises
        ------
        NoSuchSession
            When the session does not exist, or you have no role in it.
        BadReference
            When it is neither a code nor a URL, or is the URL of another server's session.
        """
        named = schemas.SessionNamed(code=self._code(reference))
        return Session(self._transport, self._transport.call(api.GET_SESSION, named))

    def resume(self, reference: str) -> Session:
        """Resume a session by its code or URL: like `session`, but visible to others.

        The session's log records it, and you are shown as present until the connection is closed.
        """
        request = schemas.ResumeSession(code=self._code(reference), commands=0, agent=AGENT)
        taken = self._transport.call(api.RESUME_SESSION, request).session
        if taken.code not in self._here:
            self._here[taken.code] = PresenceHeartbeat(
                self._transport, taken.code, "program", AGENT
            )
        return Session(self._transport, taken)

    def sessions(
        self, which: Literal["all", "mine", "shared", "removed"] = "all", *, search: str = ""
    ) -> Iterator[Session]:
        """Yield the sessions that you have a role in, most recently used first."""
        found = iterate_pages(
            self._transport, api.LIST_SESSIONS, limit=100, which=which, search=search
        )
        return (Session(self._transport, each) for each in found)

    def exists(self, reference: str) -> bool:
        """Tell whether you have a role in a session with that code or URL."""
        named = schemas.SessionNamed(code=self._code(reference))
        return self._transport.call(api.SESSION_EXISTS, named).exists

    def join(self, key: str) -> Session:
        """Join a session by the key of an invitation, and become a member of it.

        Raises
        ------
        InvitationUnusable
            When the key is no longer valid.
        """
        return Session(
            self._transport,
            self._transport.call(api.JOIN, schemas.InvitationByKey(key=key)).session,
        )

    def who(self) -> list[schemas.Presence]:
        """List the connected users that you may see."""
        return self._transport.call(api.WHO, schemas.Nothing()).here

    def call(self, operation: api.Operation[api.Req, api.Ans], request: api.Req) -> api.Ans:
        """Call any operation of `jupyter_sessions.api`: groups, accounts, logins."""
        return self._transport.call(operation, request)

    def _code(self, reference: str) -> str:
        read = parse_reference(reference)
        if read.server is not None and not resolve.reaches(self._transport, read.server):
            raise errors.BadReference(
                f"That session is on {read.server}, but this connection is to "
                f"{self.server or 'your own store'}.",
                hint=f'Connect to it: connect("{read.server}").',
            )
        return read.code
