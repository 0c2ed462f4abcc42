"""Proving once more who is asking: by the password, and the code of a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize
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
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table


@dataclass(frozen=True)
class Proof:
    """What was right, outside the transaction that acts on it: as of which hash, by which code."""

    user_id: int
    password_hash: str
    code: str

    def spend(self, context: Context) -> None:
        """Hold the proof against the account as it is now, and use the code up.

        Raises
        ------
        WrongCode
            When the code was used meanwhile.
        Conflict
            When the password was changed meanwhile.
        """
        spend_code(context, self.user_id, self.code)
        found = select(users_table.c.password_hash).where(users_table.c.id == self.user_id)
        if context.connection.execute(found).scalar() != self.password_hash:
            raise Conflict("The password was changed meanwhile.", hint="Log in again.")


def spend_code(context: Context, user_id: int, code: str) -> None:
    """Use up the code of an account's second factor, where it has one.

    Raises
    ------
    WrongCode
        When it was used already.
    """
    connection = context.connection
    if second_factor.is_enabled(connection, user_id) and not second_factor.use_code(
        connection, user_id, code, context.now
    ):
        raise WrongCode


def check_code(preparation: Preparation, user_id: int, code: str) -> None:
    """Check the code of an account's second factor, where it has one, without using it up.

    Raises
    ------
    SecondFactorNeeded
        When none is given.
    WrongCode
        When it is not right.
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
    """Check password and code of whoever asks, counted as a try to log in.

    Parameters
    ----------
    acting
        Whether it is the one who acts, where that is another than the one acted for.

    Returns
    -------
    tuple
        The row of their account, and the proof, to be spent in the transaction.

    Raises
    ------
    ConfirmationFailed
        When the password is not theirs.
    SecondFactorNeeded, WrongCode
        When their second factor asks for another code.
    TooManyTries
        After too many failures, as for logins.
    Conflict
        When they have no password here.
    Forbidden
        When they act for somebody else.
    """
    row = _account(preparation, acting=acting)
    who = normalize.fold(row.name), preparation.address
    tries = preparation.services.login_tries
    tries.begin(*who)
    if not passwords.matches(row.password_hash, password):
        raise ConfirmationFailed(
            "That is not your present password; nothing is changed.",
            hint="Try again. If you have lost it, ask the server's administrator for a new one.",
        )
    try:
        check_code(preparation, row.id, code)
    except SecondFactorNeeded:
        tries.withdraw(*who)
        raise
    tries.succeeded(*who)
    return row, Proof(row.id, row.password_hash, code)


def _account(preparation: Preparation, *, acting: bool) -> Any:
    """Return the row of the account of whoever asks, which has a password."""

    def read(connection: Connection) -> tuple[Principal, Any]:
        principal = principals.resolve(
            connection, preparation.asker, now=preparation.now, writes=False
        )
        user_id = principal.user_id
        if acting and principal.real_user_id is not None:
            user_id = principal.real_user_id
        found = select(users_table).where(users_table.c.id == user_id)
        return principal, connection.execute(found).one_or_none()

    principal, row = preparation.database.read(lambda tx: read(tx.connection)).result()
    if principal.real_user_id is not None and not acting:
        raise Forbidden(
            f"This login acts for {principal.name}, and does not change their account.",
            hint=f"{principal.name} can do that with a login of their own.",
        )
    if row is None or row.password_hash is None:
        raise Conflict(
            f"{principal.name} has no password here: you are known by other means.",
            hint="Change it where you log in: the hub, or the Jupyter server.",
        )
    return row


def _prepare(preparation: Preparation, request: schemas.ConfirmLogin) -> Proof:
    return confirm(preparation, request.password, request.code, acting=True)[1]


@implements(api.CONFIRM_LOGIN, prepare=_prepare, hashes=True)
def confirm_login(
    context: Context,
    request: schemas.ConfirmLogin,  # noqa: ARG001  # checked in the preparation
) -> schemas.Login:
    """Note that the login's holder has just proved who they are."""
    principal = context.principal
    if principal.confirmed is None:
        raise Conflict(
            "This login was not made by a password, so nothing needs to be confirmed.",
            hint="Go on without.",
        )
    context.prepared.spend(context)
    context.connection.execute(
        update(keys_table)
        .where(keys_table.c.id == principal.key_id)
        .values(confirmed=context.now, last_used=context.now)
    )
    events.append_to_server(context, "login.confirmed", user=principal.name)
    return login_info.own(context)
