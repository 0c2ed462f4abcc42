"""A stored login in use: what its server says of it is kept, and a newer one follows it."""

from __future__ import annotations

from contextlib import suppress

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.finding import find
from jupyter_sessions.client.logins.model import Login


class Used:
    """The login that a way to a server goes by now.

    Attributes
    ----------
    login, key
        The login, and its key.
    """

    def __init__(self, login: Login) -> None:
        self.login = login
        self.key = login.key

    def renew(self) -> str | None:
        """Go by another stored login of the same people, and return its key; None without one."""
        newer = find(self.login.server, self.login.user, self.login.real_user)
        if newer is None:
            return None
        self.login, self.key = newer, newer.key
        return self.key

    def learn(self, key: str, told: schemas.Login | errors.SessionsError | None) -> None:
        """Keep what the server says of the login, if it is its key; see `store.learn`."""
        if key != self.key or (isinstance(told, schemas.Login) and told.id != self.login.number):
            return
        with suppress(errors.SessionsError):  # what was asked for is done all the same
            self.login = storage.learn(self.login, told)
