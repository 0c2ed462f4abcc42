"""Confirm the caller's identity by password and second factor before sensitive operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core.accounts import passwords, second_factor
from jupyter_sessions.core.auth import login_info, principals
from jupyter_sessions.core.context import Context, Principal
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import (
    ConfirmationFailed,
    Conflict,
    Forbidden,
    SecondFactorNeeded,
    WrongCode,
)
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table


@dataclass(frozen=True)
class Proof:
    """Credentials that were verified before the transaction: the hash and the code used."""

    user_id: int
    password_hash: str
    code: str

    def spend(self, context: Context) -> None:
        """Check the proof against the account as it is now, and use up the code.

        Raises
        ------
        WrongCode
            If the code was used meanwhile.
        Conflict
            If the password was changed meanwhile.
        """
        spend_code(context, self.user_id, self.code)
        found = select(users_table.c.password_hash).where(users_table.c.id == self.user_id)
        if context.connection.execute(found).scalar() != self.password_hash:
            raise Conflict("The password has been changed.", hint="Log in again.")


def spend_code(context: Context, user_id: int, code: str) -> None:
    """Use up a code of an account's second factor, if the account has one.

    Raises
    ------
    WrongCode
        If it was used already.
    """
    connection = context.connection
    if second_factor.is_enabled(connection, user_id) and not second_factor.use_code(
        connection, user_id, code, context.now
    ):
        raise WrongCode


def check_code(preparation: Preparation, user_id: int, code: str) -> None:
    """Check a code of an account's second factor, if it has one, without using it up.

    Raises
    ------
    SecondFactorNeeded
        If no code is given.
    WrongCode
        If the code is wrong.
    """

    def read(connection: Connection) -> tuple[bool, bool]:
        enabled = second_factor.is_enabled(connection, user_id)
        right = enabled and second_factor.is_right(connection, user_id, code, preparation.now)
        return enabled, right

    enabled, right = preparation.database.read(lambda tx: read(tx.connection)).result()
    if enabled and not code.strip():
        raise SecondFactorNeeded
    if enabled and not right:
        raise WrongCode


def confirm(
    preparation: Preparation, password: str, code: str, *, acting: bool = False
) -> tuple[Any, Proof]:
    """Check the caller's password and code; failures count as failed tries to log in.

    Parameters
    ----------
    acting
        Under sudo, whether to check the acting user rather than the user they act for.

    Returns
    -------
    tuple
        The row of their account, and the proof, which the transaction must spend.

    Raises
    ------
    ConfirmationFailed
        If the password is wrong.
    SecondFactorNeeded, WrongCode
        If the second factor requires a code, or another one.
    TooManyTries
        After too many failures, as for logins.
    Conflict
        If the user has no password here.
    Forbidden
        If the caller acts for somebody else.
    """
    row = _account(preparation, acting=acting)
    who = fold_name(row.name), preparation.address
    tries = preparation.services.login_tries
    tries.begin(*who)
    if not passwords.matches(row.password_hash, password):
        raise ConfirmationFailed(
            "The current password is wrong, so nothing was changed.",
            hint="Try again. If you have lost your password, ask the server's "
            "administrator for a new one.",
        )
    try:
        check_code(preparation, row.id, code)
    except SecondFactorNeeded:
        tries.withdraw(*who)
        raise
    tries.succeeded(*who)
    return row, Proof(row.id, row.password_hash, code)


def _account(preparation: Preparation, *, acting: bool) -> Any:
    """Return the row of the caller's account, which must have a password."""

    def read(connection: Connection) -> tuple[Principal, Any]:
        principal = principals.resolve(
            connection, preparation.credentials, now=preparation.now, writes=False
        )
        user_id = principal.user_id
        if acting and principal.real_user_id is not None:
            user_id = principal.real_user_id
        found = select(users_table).where(users_table.c.id == user_id)
        return principal, connection.execute(found).one_or_none()

    principal, row = preparation.database.read(lambda tx: read(tx.connection)).result()
    if principal.real_user_id is not None and not acting:
        raise Forbidden(
            f"This login acts for {principal.name}, so it can't change their account.",
            hint=f"{principal.name} can do that with their own login.",
        )
    if row is None or row.password_hash is None:
        raise Conflict(
            f"{principal.name} does not have a password here: you are logged in by other means.",
            hint="Change it where you log in: on the hub or the Jupyter server.",
        )
    return row


def _prepare(preparation: Preparation, request: schemas.ConfirmLogin) -> Proof:
    return confirm(preparation, request.password, request.code, acting=True)[1]


@implements(api.CONFIRM_LOGIN, prepare=_prepare, hashes=True)
def confirm_login(
    context: Context,
    request: schemas.ConfirmLogin,  # noqa: ARG001  # checked in the preparation
) -> schemas.Login:
    """Record that the login's holder has just confirmed their identity."""
    principal = context.principal
    if principal.confirmed is None:
        raise Conflict(
            "This login was not created with a password, so you don't need to confirm it.",
            hint="Continue without confirming.",
        )
    context.prepared.spend(context)
    context.connection.execute(
        update(keys_table)
        .where(keys_table.c.id == principal.key_id)
        .values(confirmed=context.now, last_used=context.now)
    )
    events.append_to_server(context, "login.confirmed", user=principal.name)
    return login_info.own(context)
