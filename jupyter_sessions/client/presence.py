"""Keep a session's presence up to date from a client, and make login links."""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from jupyter_sessions import api, errors, forking, schemas, urls
from jupyter_sessions.client.transports.base import Caller

if TYPE_CHECKING:
    from jupyter_sessions.client.transports.base import Transport


_INTERVAL = 60.0  # seconds; presence expires after two and a half minutes without a report

_REPORT_TIMEOUT = 1.0


class PresenceHeartbeat:
    """Reports that a client has a session open, until it leaves.

    Failed reports are ignored: they neither delay nor disturb the user's work.

    Parameters
    ----------
    transport
        The transport to the session.
    code
        The session's code.
    kind
        The kind of client.
    agent
        The name of the client.
    """

    def __init__(
        self, transport: Caller, code: str, kind: Literal["kernel", "program"], agent: str
    ) -> None:
        self._transport = transport
        self._request = schemas.KeepPresence(
            code=code, client=secrets.token_hex(8), kind=kind, agent=agent
        )
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sessions-here", daemon=True)
        self._thread.start()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Stop reporting: the parent process has the session open."""
        self._stopped = threading.Event()

    def leave(self) -> None:
        """Report that the session is closed here; if that takes too long, presence expires."""
        self._stopped.set()
        self._thread.join(_REPORT_TIMEOUT)

    def _run(self) -> None:
        while True:
            with suppress(errors.SessionsError):
                self._transport.call(api.KEEP_PRESENCE, self._request)
            if self._stopped.wait(_INTERVAL):
                break
        request = schemas.EndPresence(code=self._request.code, client=self._request.client)
        with suppress(errors.SessionsError):
            self._transport.call(api.END_PRESENCE, request)


def login_link(transport: Transport, server: str, page: str = urls.ROOT) -> schemas.LoginLink:
    """Create a one-time URL that logs its first visitor in as the current user.

    Parameters
    ----------
    transport
        The transport to the server.
    server
        Its base URL.
    page
        The page to show after the login.
    """
    made = transport.call(api.MAKE_TICKET, schemas.Nothing())
    return schemas.LoginLink(
        url=urls.build_login_url(server, made.ticket, page),
        ticket=made.ticket,
        expires=made.expires,
    )
