"""Schemas for the logins that the owner of a Jupyter server has stored on disk."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from jupyter_sessions.schemas.fields import Answer, Cursor, PageSize, Request


class StoredLogin(Answer):
    """A stored login, as ``jupyter sessions logins`` lists it, without its key.

    `here` is true if the login is for the server that was asked. `state` is what is known without
    asking the login's server: ``stored`` means that it has not ended as far as is known.
    """

    id: str
    server: str
    user: str
    real_user: str | None
    group: str | None
    label: str
    created: datetime
    expires: datetime | None
    here: bool
    state: Literal["stored", "expired", "revoked", "unknown"]


class ListStoredLogins(Request):
    """Which stored logins to list, the newest first."""

    limit: PageSize = 100
    after: Cursor | None = None


class StoredLoginNamed(Request):
    """A request whose only parameter is a stored login's `id`."""

    id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[0-9A-Za-z]+$")]


class LoginLink(Answer):
    """A one-time login link and its `ticket`, which log in as the user of a stored login.

    The resulting login ends no later than the stored one.
    """

    url: str
    ticket: str
    expires: datetime
