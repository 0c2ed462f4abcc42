"""Accounts, and who is asking."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Cursor,
    GivenPassword,
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
    code: SecondFactorCode = ""


class PasswordChanged(Answer):
    """How many other logins of the account have ended with the old password."""

    ended: int


class SecondFactor(Answer):
    """Since when the caller's account has a second factor, and how many recovery codes are left."""

    enabled: datetime | None
    recovery_codes: int


class SetUpSecondFactor(Request):
    """Begin with a second factor: the present password is the proof of who asks."""

    password: GivenPassword


class NewSecondFactor(Answer):
    """What an authenticator app takes: the secret, and the same as an ``otpauth`` URI.

    It counts from when `secondfactor.confirm` has got a first code.
    """

    secret: str
    uri: str


class ConfirmSecondFactor(Request):
    """A first code, which shows that the app has the secret; `end_logins` ends the other logins."""

    code: SecondFactorCode
    end_logins: bool = False


class RecoveryCodes(Answer):
    """Codes for when the app is lost: each works once. They are shown this once."""

    codes: list[str]
    ended: int


class RemoveSecondFactor(Request):
    """End the caller's second factor, with both factors as the proof of who asks."""

    password: GivenPassword
    code: SecondFactorCode
    end_logins: bool = False


class User(Answer):
    """Who is asking. `via` tells how they are known: key, system or identity."""

    name: str
    display_name: str
    administrator: bool
    via: str
    expires: datetime | None = None
    guest: bool = False


class Health(Answer):
    """Whether the server can do its work."""

    ok: bool
    version: str
    database: str
    writable: bool
    #: When all that is stored was last verified, and how much of it was damaged or missing then.
    checked: str | None = None
    damaged: int = 0


class ServerAddress(Answer):
    """Where others reach the sessions of this store.

    `problem` says why other machines can't open `url`, and what to do about it; empty where nothing
    speaks against it.
    """

    url: str
    problem: str = ""


class CheckStore(Request):
    """Verify what follows a place in the store: from the beginning, or where an answer ended."""

    after: Annotated[str, Meta(max_length=100)] = ""


class StoreCheck(Answer):
    """What was verified: how many things and bytes, what is wrong, and where to go on.

    `next` is null when all of the store was verified.
    """

    checked: int
    size: int
    problems: list[str]
    next: str | None
