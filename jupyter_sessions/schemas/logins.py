"""Logins: how they are made, what they are, and how long they live."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Cursor,
    GivenPassword,
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
    """What a person proves themselves with, and the login that they want.

    `group` is to be the login's current group; without one it is the user's default group.
    `idle_timeout` is in minutes; without one the server's default counts. `agent` is the program
    that asks, `label` says on what the login is used. `sudo` is the user to act as: for the
    server's administrators, and for the owners of a group that the other is in. `code` is of the
    account's second factor, where it has one.
    """

    user: UserName
    password: GivenPassword
    code: SecondFactorCode = ""
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    agent: Label = ""
    label: Label = ""
    sudo: UserName | None = None


class ConfirmLogin(Request):
    """The password, and the code of a second factor, of who made the login that asks."""

    password: GivenPassword
    code: SecondFactorCode = ""


class LogInWithTicket(Request):
    """A one-time ticket in exchange for a login."""

    ticket: Annotated[str, Meta(max_length=200)]
    agent: Label = ""
    label: Label = ""


class Login(Answer):
    """An authenticated connection: a key, without the key itself.

    Who is known by the Jupyter server, or works in process, has no key: their login has no `id`,
    no instants and no time-out. `real_user` is who really acts, under sudo; `made_by` who made the
    login for the user, where it was somebody else: events name either. A `confined` login reaches
    the sessions of its group alone. `expires` is its end in any case; unused for `idle_timeout`
    minutes it ends before. `current` marks the login that this request came with.
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
    """A login that was made; `key` is shown this once and stored only as a hash.

    `clamped` tells that the idle time-out is shorter than was asked for: the server's limit.
    """

    key: str
    user: str
    display_name: str
    login: Login
    clamped: bool


class Entered(Answer):
    """A guest's login, and the session that it reaches."""

    login: NewLogin
    session: Session


class SetLoginTimeout(Request):
    """How long the login that asks is to live unused, in minutes."""

    idle_timeout: Minutes


class LoginTimeout(Answer):
    """What the idle time-out became; `clamped` tells that it is the server's limit instead."""

    login: Login
    clamped: bool


class ListLogins(Request):
    """Which live logins to list, the newest first; `user` is for administrators."""

    user: UserName | None = None
    limit: PageSize = 100
    after: Cursor | None = None


class IssueLogin(Request):
    """A login to make for someone: by an administrator, or by an owner of a group they are in."""

    user: UserName
    group: GroupName | None = None
    idle_timeout: Minutes | None = None
    label: Label = ""


class LoginNamed(Request):
    """A request that needs nothing but a login's number."""

    id: Annotated[int, Meta(ge=1, le=2**53)]


class Ticket(Answer):
    """What a one-time login link holds: it works once, and for a few minutes."""

    ticket: str
    expires: datetime
