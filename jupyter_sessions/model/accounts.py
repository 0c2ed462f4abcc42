"""Accounts, and who is asking."""

from __future__ import annotations

from datetime import datetime

from jupyter_sessions.model.fields import (
    Answer,
    Cursor,
    GivenPassword,
    Label,
    PageSize,
    Password,
    Request,
    UserName,
)


class Account(Answer):
    """A user's account in this store."""

    name: str
    display_name: str
    administrator: bool
    disabled: bool
    created: datetime
    last_login: datetime | None


class NewAccount(Request):
    """An account to make."""

    name: UserName
    password: Password
    display_name: Label = ""


class ListAccounts(Request):
    """Which accounts to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class AccountNamed(Request):
    """A request that needs nothing but an account's name."""

    name: UserName


class SetPassword(Request):
    """A new password for an account; its logins end."""

    name: UserName
    password: Password


class ChangePassword(Request):
    """A new password for the account of whoever asks, who proves to know the present one."""

    current: GivenPassword
    password: Password


class PasswordChanged(Answer):
    """How many other logins of the account have ended with the old password."""

    ended: int


class User(Answer):
    """Who is asking. `via` tells how they are known: key, system or identity."""

    name: str
    display_name: str
    administrator: bool
    via: str
    expires: datetime | None = None
    guest: bool = False
