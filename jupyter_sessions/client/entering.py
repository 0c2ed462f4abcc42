"""The way into a server's pages, for somebody who can already call its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from jupyter_sessions import api, schemas

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport


def login_link(transport: Transport, server: str, page: str = "/sessions/") -> schemas.LoginLink:
    """Make an address that lets its first visitor in as oneself, once.

    Parameters
    ----------
    transport
        The way to the server.
    server
        Its base URL.
    page
        What to show then.
    """
    made = transport.call(api.MAKE_TICKET, schemas.Nothing())
    query = urlencode({"next": urlsplit(server).path + page})
    # Behind the # it is sent to no server, and stands in no log.
    return schemas.LoginLink(
        url=f"{server}/sessions/enter?{query}#{made.ticket}",
        ticket=made.ticket,
        expires=made.expires,
    )
