"""Accounts, and who is asking."""

from __future__ import annotations

from datetime import datetime

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
