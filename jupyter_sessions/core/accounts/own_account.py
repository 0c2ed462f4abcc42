"""Manage the caller's own account: its password and its second factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, insert, or_, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core.accounts import password_rules, passwords, second_factor
from jupyter_sessions.core.auth import keys
from jupyter_sessions.core.auth.confirmation import Proof, confirm
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.core.sessions.members import notify_sessions_of
from jupyter_sessions.errors import Conflict, Forbidden, WrongCode
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import recovery_codes, second_factors
from jupyter_sessions.store.tables import users as users_table


@dataclass(frozen=True)
class _Change:
    """The hash of a new password, and the proof by the current one."""

    proof: Proof
    after: str


def _prepare_change(preparation: Preparation, request: schemas.ChangePassword) -> _Change:
    row, proof = confirm(preparation, request.current, request.code)
    password_rules.check_password(request.password, row.name, row.display_name)
    return _Change(proof, passwords.make_hash(request.password))


@implements(api.CHANGE_PASSWORD, prepare=_prepare_change, hashes=True)
def change_password(
    context: Context,
    request: schemas.ChangePassword,  # noqa: ARG001  # hashed in the preparation
) -> schemas.PasswordChanged:
    """Change the password, and end the account's other logins."""
    change: _Change = context.prepared
    change.proof.spend(context)
    context.connection.execute(
        update(users_table)
        .where(users_table.c.id == context.principal.user_id)
        .values(password_hash=change.after)
    )
    ended = _end_other_logins(context)
    name = context.principal.name
    events.append_to_server(context, "account.password_changed", user=name, ended=ended)
    return schemas.PasswordChanged(ended=ended)


@implements(api.SHOW_SECOND_FACTOR)
def show_second_factor(context: Context, request: schemas.Nothing) -> schemas.SecondFactor:  # noqa: ARG001  # no fields
    """Show whether there is a second factor."""
    mine = context.principal.user_id
    enabled = select(second_factors.c.enabled).where(second_factors.c.user_id == mine)
    left = select(func.count()).where(recovery_codes.c.user_id == mine)
    return schemas.SecondFactor(
        enabled=context.connection.execute(enabled).scalar(),
        recovery_codes=context.connection.execute(left).scalar_one(),
    )


def _prepare_set_up(preparation: Preparation, request: schemas.SetUpSecondFactor) -> Proof:
    return confirm(preparation, request.password, "")[1]


def _refuse_enabled(context: Context) -> None:
    if second_factor.is_enabled(context.connection, context.principal.user_id):
        raise Conflict(
            "Your account has a second factor already.", hint="Turn it off first to set up another."
        )


@implements(api.SET_UP_SECOND_FACTOR, prepare=_prepare_set_up, hashes=True)
def set_up_second_factor(
    context: Context,
    request: schemas.SetUpSecondFactor,  # noqa: ARG001  # checked in the preparation
) -> schemas.NewSecondFactor:
    """Create a secret, which takes effect once it is confirmed."""
    _refuse_enabled(context)
    context.prepared.spend(context)
    mine = context.principal.user_id
    second_factor.remove(context.connection, mine)
    secret = second_factor.make_secret()
    context.connection.execute(
        insert(second_factors).values(user_id=mine, secret=secret, enabled=None, last_step=0)
    )
    host = urlsplit(context.server or "").hostname or ""
    uri = second_factor.secret_uri(secret, context.principal.name, host)
    return schemas.NewSecondFactor(secret=secret, uri=uri)


@implements(api.CONFIRM_SECOND_FACTOR)
def confirm_second_factor(
    context: Context, request: schemas.ConfirmSecondFactor
) -> schemas.RecoveryCodes:
    """Enable the second factor, and create its recovery codes."""
    principal, connection = context.principal, context.connection
    if principal.real_user_id is not None:
        raise Forbidden(
            f"This login acts for {principal.name}, so it can't change their account.",
            hint=f"{principal.name} can do that with their own login.",
        )
    _refuse_enabled(context)
    if not second_factor.use_code(connection, principal.user_id, request.code, context.now):
        raise WrongCode
    connection.execute(
        update(second_factors)
        .where(second_factors.c.user_id == principal.user_id)
        .values(enabled=context.now)
    )
    codes = second_factor.make_recovery_codes(connection, principal.user_id)
    ended = _end_other_logins(context) if request.end_logins else 0
    events.append_to_server(context, "second_factor.enabled", user=principal.name, ended=ended)
    return schemas.RecoveryCodes(codes=codes, ended=ended)


def _prepare_removal(preparation: Preparation, request: schemas.RemoveSecondFactor) -> Proof:
    return confirm(preparation, request.password, request.code)[1]


@implements(api.REMOVE_SECOND_FACTOR, prepare=_prepare_removal, hashes=True)
def remove_second_factor(context: Context, request: schemas.RemoveSecondFactor) -> schemas.Done:
    """Remove the second factor."""
    proof: Proof = context.prepared
    proof.spend(context)
    principal = context.principal
    if not second_factor.is_enabled(context.connection, principal.user_id):
        raise Conflict("Your account has no second factor.", hint="Nothing needs to be done.")
    second_factor.remove(context.connection, principal.user_id)
    if request.end_logins:
        _end_other_logins(context)
    events.append_to_server(context, "second_factor.removed", user=principal.name)
    return schemas.Done()


def _end_other_logins(context: Context) -> int:
    """End all of the caller's logins except the current one, and return their number."""
    principal, connection = context.principal, context.connection
    # The password was just proved, so this login no longer depends on the one it came from.
    connection.execute(
        update(keys_table).where(keys_table.c.id == principal.key_id).values(parent_id=None)
    )
    columns = (keys_table.c.user_id, keys_table.c.real_user_id, keys_table.c.made_by_id)
    theirs: tuple[Any, ...] = (
        or_(*(column == principal.user_id for column in columns)),
        keys_table.c.kind.in_(["login", "ticket"]),
        keys_table.c.id.is_distinct_from(principal.key_id),
    )
    ended = keys.revoke(connection, *theirs, now=context.now)
    notify_sessions_of(context, principal.user_id)
    return ended
