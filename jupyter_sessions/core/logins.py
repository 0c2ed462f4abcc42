"""Logging in and out: a password, or a one-time ticket, in exchange for a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from jupyter_sessions import api, model
from jupyter_sessions.core import events, keys, names, passwords, users
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.members import tell_sessions_of
from jupyter_sessions.core.registry import Preparation, implements
from jupyter_sessions.errors import NotSignedIn, WrongPassword
from jupyter_sessions.store.tables import users as users_table

TICKET_LIFETIME = timedelta(minutes=10)

_back_off = passwords.BackOff()


@dataclass(frozen=True)
class _Verified:
    """Whose password was right, as of the hash that it was checked against; 0 for nobody's."""

    user_id: int
    password_hash: str | None


def _verify(preparation: Preparation, request: model.LogIn) -> _Verified:
    folded = names.fold(request.user)
    _back_off.check(folded)
    row = preparation.database.read(lambda tx: users.find(tx.connection, request.user)).result()
    # A disabled account's password is never right, or one could be guessed there without end.
    password_hash = row.password_hash if row is not None and not row.disabled else None
    if not passwords.matches(password_hash, request.password):
        _back_off.failed(folded)
        return _Verified(0, None)
    _back_off.succeeded(folded)
    return _Verified(row.id if row is not None else 0, password_hash)


@implements(api.LOG_IN, prepare=_verify)
def log_in(context: Context, request: model.LogIn) -> model.NewLogin:
    """Exchange user name and password for a key."""
    verified: _Verified = context.prepared
    row = context.connection.execute(
        select(users_table).where(
            users_table.c.id == verified.user_id,
            # Both may have changed since the password was checked, outside this transaction.
            users_table.c.password_hash == verified.password_hash,
            ~users_table.c.disabled,
            users_table.c.removed.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise WrongPassword(
            "User name and password don't belong together, or the account is disabled.",
            hint="Check both. The server's administrator can set a new password.",
        )
    return _new_login(context, row.id, request.label)


@implements(api.LOG_IN_WITH_TICKET)
def redeem(context: Context, request: model.LogInWithTicket) -> model.NewLogin:
    """Exchange a one-time ticket for a key."""
    user_id = keys.redeem(context.connection, request.ticket, now=context.now)
    if user_id is None:
        raise NotSignedIn(
            "This one-time way in was used already, or has expired.",
            hint="Ask for another: `jupyter sessions web` prints one.",
        )
    return _new_login(context, user_id, request.label)


def _new_login(context: Context, user_id: int, label: str) -> model.NewLogin:
    limits = context.services.limits
    key = keys.make(
        context.connection,
        "login",
        user_id,
        now=context.now,
        label=names.one_line(label, "label"),
        lifetime=limits.login,
        idle=limits.login_idle,
    )
    name = context.connection.execute(
        update(users_table)
        .where(users_table.c.id == user_id)
        .values(last_login=context.now)
        .returning(users_table.c.name)
    ).scalar_one()
    events.append_to_server(context, "login.created", user=name)
    return model.NewLogin(key=key, user=name, expires=context.now + limits.login)


@implements(api.LOG_OUT)
def log_out(context: Context, request: model.Nothing) -> model.Done:  # noqa: ARG001  # no fields
    """End the login that the request came with."""
    if context.principal.key_id is not None:
        keys.revoke(context.connection, context.principal.key_id, now=context.now)
        tell_sessions_of(context, context.principal.user_id)
        events.append_to_server(context, "login.ended", user=context.principal.name)
    return model.Done()


@implements(api.MAKE_TICKET)
def make_ticket(context: Context, request: model.Nothing) -> model.Ticket:  # noqa: ARG001  # no fields
    """Make a one-time way in for oneself."""
    ticket = keys.make(
        context.connection,
        "ticket",
        context.principal.user_id,
        now=context.now,
        lifetime=TICKET_LIFETIME,
    )
    return model.Ticket(ticket=ticket, expires=context.now + TICKET_LIFETIME)


@implements(api.WHO_AM_I)
def who_am_i(context: Context, request: model.Nothing) -> model.User:  # noqa: ARG001  # no fields
    """Tell who is asking."""
    principal = context.principal
    return model.User(
        name=principal.name,
        display_name=principal.display_name,
        administrator=principal.administrator,
        via=principal.via,
        expires=principal.expires,
    )
