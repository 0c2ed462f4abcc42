"""Schemas for accounts, second factors, the caller, and the server's health and integrity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Cursor,
    EnteredPassword,
    Label,
    PageSize,
    Password,
    Request,
    SecondFactorCode,
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
    """An account to create."""

    name: UserName
    password: Password
    display_name: Label = ""


class ListAccounts(Request):
    """Which accounts to list, by name."""

    limit: PageSize = 200
    after: Cursor | None = None


class AccountNamed(Request):
    """A request whose only parameter is an account's name."""

    name: UserName


class SetPassword(Request):
    """A new password for an account; the account's logins end."""

    name: UserName
    password: Password


class ChangePassword(Request):
    """A new password for the caller's account, with the current one as proof of identity."""

    current: EnteredPassword
    password: Password
    code: SecondFactorCode = ""


class PasswordChanged(Answer):
    """The number of the account's other logins that ended when the password changed."""

    ended: int


class SecondFactor(Answer):
    """Since when the caller's account has a second factor, and how many recovery codes are left."""

    enabled: datetime | None
    recovery_codes: int


class SetUpSecondFactor(Request):
    """Start to set up a second factor, with the current password as proof of identity."""

    password: EnteredPassword


class NewSecondFactor(Answer):
    """What an authenticator app needs: the secret, also as an ``otpauth`` URI.

    The second factor takes effect when `secondfactor.confirm` receives a first code.
    """

    secret: str
    uri: str


class ConfirmSecondFactor(Request):
    """A first code, which shows that the app has the secret; `end_logins` ends the other logins."""

    code: SecondFactorCode
    end_logins: bool = False


class RecoveryCodes(Answer):
    """Recovery codes for a lost authenticator: each works once. They are shown only this once."""

    codes: list[str]
    ended: int


class RemoveSecondFactor(Request):
    """Remove the caller's second factor, with both factors as proof of identity."""

    password: EnteredPassword
    code: SecondFactorCode
    end_logins: bool = False


class User(Answer):
    """The caller. `via` is how they were identified: key, system or identity."""

    name: str
    display_name: str
    administrator: bool
    via: str
    expires: datetime | None = None
    guest: bool = False


class Health(Answer):
    """Whether the server works.

    `checked` is when all stored data was last verified, by whichever process; null if never.
    `damaged` is how many published files, sources and outputs are known to be damaged or missing:
    found by that check, or by a read since, and not mended.
    """

    ok: bool
    version: str
    database: str
    writable: bool
    checked: datetime | None = None
    damaged: int = 0


class ServerAddress(Answer):
    """The address at which others reach the sessions of this store.

    `problem` says why other machines can't open `url` and what to do about it; it is empty if no
    problem is known.
    """

    url: str
    problem: str = ""


class CheckStore(Request):
    """Verify a part of the store: from the beginning, or from where an earlier check ended."""

    after: Annotated[str, Meta(max_length=100)] = ""


class StoreCheck(Answer):
    """The result of a check: the number of items and bytes verified, damage, and where to continue.

    `next` is null when the whole store has been verified.
    """

    checked: int
    size: int
    problems: list[str]
    next: str | None


class Damage(Answer):
    """One thing that is damaged or missing, its session's code if it has one, and when found."""

    problem: str
    session: str | None
    found: datetime


class StoreDamage(Answer):
    """What is known to be damaged: the whole number, and the latest found; see `Health`."""

    checked: datetime | None
    damaged: int
    items: list[Damage]
