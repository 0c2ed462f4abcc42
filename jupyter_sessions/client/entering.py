"""The way into a server's pages, for somebody who can already call its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from jupyter_sessions import api, model

if TYPE_CHECKING:
    from jupyter_sessions.client.transport import Transport


def login_link(transport: Transport, server: str, page: str = "/sessions/") -> model.LoginLink:
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
    made = transport.call(api.MAKE_TICKET, model.Nothing())
    query = urlencode({"next": urlsplit(server).path + page})
    # Behind the # it is sent to no server, and stands in no log.
    return model.LoginLink(
        url=f"{server}/sessions/enter?{query}#{made.ticket}",
        ticket=made.ticket,
        expires=made.expires,
    )
