"""Resolve the session that a kernel records into, on this server or another."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.addresses import Reference, parse_reference, same_server
from jupyter_sessions.client.transports.resolve import open_transport
from jupyter_sessions.core.types import Credentials, Identified, SystemUser
from jupyter_sessions.server.auth import runs_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from jupyter_sessions.core.dispatcher import Dispatcher


@dataclass(frozen=True)
class Target:
    """A session that a kernel's commands are recorded into.

    Attributes
    ----------
    server
        The server of the session; None for the Jupyter server's own store.
    user
        The user as whom commands are recorded.
    session
        The session in its current state.
    """

    server: str | None
    user: str
    session: schemas.Session


class Targets:
    """Finds sessions for users who may use kernels.

    Parameters
    ----------
    dispatcher
        Runs the operations on the server's own store.
    answered
        Returns an awaitable for an answer of the store's threads.
    addresses
        The base URLs under which this server is known.
    """

    def __init__(
        self,
        dispatcher: Callable[[], Awaitable[Dispatcher]],
        answered: Callable[[Future[Any]], Awaitable[Any]],
        addresses: list[str],
    ) -> None:
        self._dispatcher = dispatcher
        self._answered = answered
        self._addresses = addresses

    async def find(
        self, request: schemas.Attach, credentials: Credentials, server_url: str
    ) -> Target:
        """Find the session that a request names, and check that it takes the caller's commands.

        Raises
        ------
        SessionsError
            When the session does not exist for the caller, or does not take commands now.
        """
        reference = parse_reference(request.session)
        here = reference.server is None or any(
            same_server(reference.server, each) for each in (server_url, *self._addresses)
        )
        if here and request.user is None:
            return await self._here(reference.code, credentials, server_url)
        if not runs_server(credentials):
            raise errors.Forbidden(
                "Only the user who runs this Jupyter server can use its logins to other servers.",
                hint="Attach the kernel to a session on this server.",
            )
        server = reference.server or server_url
        return await asyncio.to_thread(_elsewhere, server, reference, request.user)

    async def _here(self, code: str, credentials: Credentials, server_url: str) -> Target:
        dispatcher = await self._dispatcher()
        # Whether the caller may record, and what the session is, are read in one transaction.
        requests = (
            (api.RECORD_COMMANDS, schemas.RecordCommands(code=code, commands=[])),
            (api.GET_SESSION, schemas.SessionNamed(code=code)),
        )
        asked = dispatcher.read_together(requests, credentials, server=server_url)
        for result in (results := await self._answered(asked)):
            if isinstance(result, errors.SessionsError):
                raise result
        return Target(None, get_user_name(credentials), results[1])

    async def look(self, code: str, credentials: Credentials, server_url: str) -> schemas.Session:
        """Return a session of this server's store as a user sees it.

        Raises
        ------
        SessionsError
            When the user may not see it.
        """
        dispatcher = await self._dispatcher()
        named = schemas.SessionNamed(code=code)
        asked = dispatcher.submit(api.GET_SESSION, named, credentials, server=server_url)
        session: schemas.Session = await self._answered(asked)
        return session


def get_user_name(credentials: Credentials) -> str:
    """Return the name of one of the Jupyter server's users."""
    if not isinstance(credentials, SystemUser | Identified):
        raise errors.NotLoggedIn(
            "You are not logged in to the Jupyter server.", hint="Log in to the Jupyter server."
        )
    return credentials.name


def _elsewhere(server: str, reference: Reference, user: str | None) -> Target:
    from jupyter_sessions.client.transports.resolve import transport_for

    transport = transport_for(reference) if user is None else open_transport(server, user)
    try:
        named = schemas.SessionNamed(code=reference.code)
        session = transport.call(api.GET_SESSION, named)
        who = transport.user
    finally:
        transport.close()
    if session.state != "active":
        raise errors.WrongState(
            f"The session is {session.state}, so nothing can be recorded into it.",
            hint="Choose another session, or create a new one.",
        )
    if "write" not in session.roles:
        raise errors.RoleMissing(
            "Recording needs the role write.", hint=f"Ask {session.owner} to grant it to {who}."
        )
    return Target(server, who, session)
