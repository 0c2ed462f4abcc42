"""The account of whoever asks: changing its password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, update

from jupyter_sessions import api, model
from jupyter_sessions.core import events, keys, names, password_rules, passwords, principals
from jupyter_sessions.core.context import Context, Principal
from jupyter_sessions.core.members import tell_sessions_of
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.errors import ConfirmationFailed, Conflict, Forbidden
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table


@dataclass(frozen=True)
class _Change:
    """The hash of a new password, and the hash that the present one was checked against."""

    before: str
    after: str


def _account(preparation: Preparation) -> Any:
    """Return the row of the account of whoever asks, which has a password."""

    def read(connection: Any) -> tuple[Principal, Any]:
        principal = principals.resolve(
            connection, preparation.asker, now=preparation.now, writes=False
        )
        found = select(users_table).where(users_table.c.id == principal.user_id)
        return principal, connection.execute(found).one_or_none()

    principal, row = preparation.database.read(lambda tx: read(tx.connection)).result()
    if principal.real_user_id is not None:
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


def confirm_password(preparation: Preparation, password: str) -> Any:
    """Check the present password of whoever asks, and return the row of their account.

    Raises
    ------
    ConfirmationFailed
        When the password is not theirs.
    TooManyTries
        After too many failures, as for logins.
    Conflict
        When they have no password here.
    Forbidden
        When they act for somebody else.
    """
    row = _account(preparation)
    who = names.fold(row.name), preparation.address
    tries = preparation.services.login_tries
    tries.begin(*who)
    if not passwords.matches(row.password_hash, password):
        raise ConfirmationFailed(
            "That is not your present password; nothing is changed.",
            hint="Try again. If you have lost it, ask the server's administrator for a new one.",
        )
    tries.succeeded(*who)
    return row


def _prepare_change(preparation: Preparation, request: model.ChangePassword) -> _Change:
    row = confirm_password(preparation, request.current)
    password_rules.check_password(request.password, row.name, row.display_name)
    return _Change(row.password_hash, passwords.make_hash(request.password))


@implements(api.CHANGE_PASSWORD, prepare=_prepare_change, hashes=True)
def change_password(
    context: Context,
    request: model.ChangePassword,  # noqa: ARG001  # hashed in the preparation
) -> model.PasswordChanged:
    """Change the password, and end the account's other logins."""
    change: _Change = context.prepared
    principal = context.principal
    changed = context.connection.execute(
        update(users_table)
        .where(
            users_table.c.id == principal.user_id,
            # It may have changed since it was checked, outside this transaction.
            users_table.c.password_hash == change.before,
        )
        .values(password_hash=change.after)
    )
    if not changed.rowcount:
        raise Conflict("The password was changed meanwhile.", hint="Log in again.")
    ended = end_other_logins(context)
    events.append_to_server(context, "account.password_changed", user=principal.name, ended=ended)
    return model.PasswordChanged(ended=ended)


def end_other_logins(context: Context) -> int:
    """End all logins of whoever asks but the one that they ask with; return how many."""
    principal, connection = context.principal, context.connection
    # Who has proved the password needs no other login to stand by theirs.
    connection.execute(
        update(keys_table).where(keys_table.c.id == principal.key_id).values(parent_id=None)
    )
    columns = (keys_table.c.user_id, keys_table.c.real_user_id, keys_table.c.made_by_id)
    theirs = (
        or_(*(column == principal.user_id for column in columns)),
        keys_table.c.kind.in_(["login", "ticket"]),
        keys_table.c.id.is_distinct_from(principal.key_id),
    )
    ended = keys.revoke(connection, *theirs, now=context.now)
    tell_sessions_of(context, principal.user_id)
    return ended
