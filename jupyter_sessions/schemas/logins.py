"""Schemas for logins: how they are created, described, ended, and stored by their owners."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Cursor,
    EnteredPassword,
    GroupName,
    Label,
    LoginState,
    Minutes,
    PageSize,
    Request,
    SecondFactorCode,
    UserName,
)
from jupyter_sessions.schemas.sessions import Session


class LogIn(Request):
    """The caller's credentials, and the attributes of the login to create.

    `group` becomes the login's current group; by default it is the user's default group.
    `idle_timeout` is in minutes; by default it is the server's. `agent` is the program that logs
    in, `label` says where the login is used. `sudo` is the user to act as: allowed to the server's
    administrators, and to the owners of a group that the other user is in. `code` is from the
    account's second factor, if it has one.
    """

    user: UserName
    password: EnteredPassword
    code: SecondFactorCode = ""
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    agent: Label = ""
    label: Label = ""
    sudo: UserName | None = None


class ConfirmLogin(Request):
    """The password, and the second factor's code, of the user who created the caller's login."""

    password: EnteredPassword
    code: SecondFactorCode = ""


class LogInWithTicket(Request):
    """A one-time ticket to exchange for a login."""

    ticket: Annotated[str, Meta(max_length=200)]
    agent: Label = ""
    label: Label = ""


class Login(Answer):
    """A login, without its key.

    Callers identified by the Jupyter server or in process have no key: their login has no `id`, no
    instants and no time-out. `real_user` is who really acts, under sudo. `made_by` is who created
    the login for the user, if it was somebody else; events name either. A `confined` login reaches
    only the sessions of its group. At `expires` the login ends in any case; it ends earlier if it
    is unused for `idle_timeout` minutes. `current` marks the login of this request.
    """

    id: int | None
    user: str
    real_user: str | None
    made_by: str | None
    group: str | None
    confined: bool
    label: str
    agent: str
    created: datetime | None
    last_used: datetime | None
    expires: datetime | None
    idle_timeout: int | None
    current: bool
    state: LoginState


class NewLogin(Answer):
    """A new login; `key` is shown only this once and stored only as a hash.

    `clamped` is true if the server's limit made the idle time-out shorter than requested.
    """

    key: str
    user: str
    display_name: str
    login: Login
    clamped: bool


class Entered(Answer):
    """A guest's login, and the session that it gives access to."""

    login: NewLogin
    session: Session


class SetLoginTimeout(Request):
    """The new idle time-out of the caller's login, in minutes."""

    idle_timeout: Minutes


class LoginTimeout(Answer):
    """The resulting idle time-out; `clamped` is true if the server's limit shortened it."""

    login: Login
    clamped: bool


class ListLogins(Request):
    """Which live logins to list, the newest first; only administrators may name a `user`."""

    user: UserName | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class IssueLogin(Request):
    """A login to create for a user: by an administrator or an owner of a group the user is in."""

    user: UserName
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    label: Label = ""


class LoginNamed(Request):
    """A request whose only parameter is a login's number."""

    id: Annotated[int, Meta(ge=1, le=2**53)]


class Ticket(Answer):
    """The ticket in a one-time login link: it works once, for a few minutes."""

    ticket: str
    expires: datetime


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
