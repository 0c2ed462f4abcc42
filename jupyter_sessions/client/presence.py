"""Telling a session that a client has it open, again and again, in a thread of its own."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode, urlsplit

from jupyter_sessions import api, errors, forking, schemas
from jupyter_sessions.client.transports.base import Caller

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport


_EVERY = 60.0  # seconds; what is not told for two and a half minutes lapses

_TOLD_WITHIN = 1.0


class PresenceHeartbeat:
    """A client that has a session open, until it says otherwise.

    What can't be told is not: nobody's work waits for it, or hears of it.

    Parameters
    ----------
    transport
        The way to the session.
    code
        The session's code.
    kind
        What the client is.
    agent
        What it is called.
    """

    def __init__(
        self, transport: Caller, code: str, kind: Literal["kernel", "program"], agent: str
    ) -> None:
        self._transport = transport
        self._request = schemas.KeepPresence(
            code=code, client=secrets.token_hex(8), kind=kind, agent=agent
        )
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sessions-here", daemon=True)
        self._thread.start()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Tell nothing: it is the parent that has the session open."""
        self._gone = threading.Event()

    def leave(self) -> None:
        """Say that the session is open here no more; what takes longer is left to lapse."""
        self._gone.set()
        self._thread.join(_TOLD_WITHIN)

    def _run(self) -> None:
        while True:
            with suppress(errors.SessionsError):
                self._transport.call(api.KEEP_PRESENCE, self._request)
            if self._gone.wait(_EVERY):
                break
        request = schemas.EndPresence(code=self._request.code, client=self._request.client)
        with suppress(errors.SessionsError):
            self._transport.call(api.END_PRESENCE, request)


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
