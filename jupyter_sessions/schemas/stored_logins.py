"""The logins that are stored on the disk of the one who runs a Jupyter server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from jupyter_sessions.schemas.fields import Answer, Cursor, PageSize, Request


class StoredLogin(Answer):
    """A stored login, as ``jupyter sessions logins`` lists it: all but its key.

    `here` tells that its server is the one that was asked. The `state` is what is known without
    asking its server: ``stored`` is one that has not ended, as far as that goes.
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
    """A request that needs nothing but a stored login's `id`."""

    id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[0-9A-Za-z]+$")]


class LoginLink(Answer):
    """A one-time login link, and the `ticket` that it holds: the way in as whom a login stands for.

    The login that it gives ends at the latest with the stored one.
    """

    url: str
    ticket: str
    expires: datetime
