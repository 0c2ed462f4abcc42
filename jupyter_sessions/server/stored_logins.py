"""Manage the stored logins of the user who runs a Jupyter server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client import logins
from jupyter_sessions.client.addresses import same_server
from jupyter_sessions.client.presence import login_link
from jupyter_sessions.client.transports.resolve import over_http
from jupyter_sessions.server.auth import runs_server
from jupyter_sessions.server.list_paging import take_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_sessions.core.types import Credentials, Use


class StoredLogins:
    """The list of ``jupyter sessions logins`` without the keys, and the links that log in.

    Parameters
    ----------
    addresses
        The base URLs under which this server is known.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self.uses: Mapping[str, Use] = {
            api.LIST_STORED_LOGINS.name: self._list,
            api.LINK_STORED_LOGIN.name: self._link,
        }

    async def _list(
        self, request: schemas.ListStoredLogins, credentials: Credentials, server_url: str
    ) -> schemas.Page[schemas.StoredLogin]:
        _expect_owner(credentials)
        known = await asyncio.to_thread(logins.stored)
        page = take_page(known, request, lambda login: login.id)
        return schemas.Page(
            items=[self._describe(login, server_url) for login in page.items], next=page.next
        )

    async def _link(
        self, request: schemas.StoredLoginNamed, credentials: Credentials, server_url: str
    ) -> schemas.LoginLink:
        del server_url
        _expect_owner(credentials)
        return await asyncio.to_thread(_link, request.id)

    def _describe(self, login: logins.Login, server_url: str) -> schemas.StoredLogin:
        here = (server_url, *self._addresses)
        return schemas.StoredLogin(
            id=login.id,
            server=login.server,
            user=login.user,
            real_user=login.real_user,
            group=login.group,
            label=login.label,
            created=login.created,
            expires=login.ends,
            here=any(same_server(login.server, each) for each in here),
            state=login.over or "stored",
        )


def _link(id_: str) -> schemas.LoginLink:
    login = logins.by_id(id_)
    if login is None:
        raise errors.NotFound(
            "That login is no longer stored.", hint="Log in again, or choose another."
        )
    way = over_http(login)
    try:
        return login_link(way, login.server)
    finally:
        way.close()


def _expect_owner(credentials: Credentials) -> None:
    """Check that the caller is the person whose files the server works with."""
    if not runs_server(credentials):
        raise errors.Forbidden(
            "Only the user who runs this Jupyter server can use its stored logins.",
            hint="Use the sessions of this server, or log in to the other server in the browser.",
        )
