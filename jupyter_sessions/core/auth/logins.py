"""Create, show, change and end logins: by password, by one-time ticket, or for another user."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, or_, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination
from jupyter_sessions.core.accounts import passwords, users
from jupyter_sessions.core.auth import groups, keys, login_info, principals
from jupyter_sessions.core.auth.confirmation import check_code, spend_code
from jupyter_sessions.core.auth.login_limits import get_network
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import Passed, Preparation, implements
from jupyter_sessions.core.sessions import events, guests
from jupyter_sessions.core.sessions.members import notify_sessions_of
from jupyter_sessions.core.types import Limits
from jupyter_sessions.errors import (
    AccountDisabled,
    Conflict,
    Forbidden,
    NotFound,
    NotLoggedIn,
    SecondFactorNeeded,
    WrongPassword,
)
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table


def idle_timeout(limits: Limits, requested: int | None, *, administrator: bool) -> tuple[int, bool]:
    """Return a login's idle time-out in minutes, and whether it is shorter than requested."""
    wanted = limits.login_idle if requested is None else timedelta(minutes=requested)
    # An unused login expires, whoever created it.
    longest = limits.login if administrator else min(limits.longest_login_idle, limits.login)
    minutes = max(1, min(wanted, longest) // timedelta(minutes=1))
    return minutes, requested is not None and minutes < requested


@implements(api.CHECK_LOGIN)
def check(context: Context, request: schemas.Nothing) -> schemas.Login:  # noqa: ARG001  # no fields
    """Show the login."""
    return login_info.own(context)


@implements(api.REFRESH_LOGIN)
def keep(context: Context, request: schemas.Nothing) -> schemas.Login:  # noqa: ARG001  # no fields
    """Reset the idle clock."""
    if context.principal.key_id is not None:
        principals.note_use(context.connection, context.principal.key_id, context.now)
    return login_info.own(context)


@implements(api.SET_LOGIN_TIMEOUT)
def time(context: Context, request: schemas.SetLoginTimeout) -> schemas.LoginTimeout:
    """Change the idle time-out, up to the server's limit."""
    principal = context.principal
    if principal.key_id is None:
        raise Conflict(
            "You are not logged in with a key, so there is no login that could expire.",
            hint="Only a login created by `login` has a time-out.",
        )
    minutes, clamped = idle_timeout(
        context.services.limits, request.idle_timeout, administrator=principal.administrator
    )
    context.connection.execute(
        update(keys_table)
        .where(keys_table.c.id == principal.key_id)
        .values(idle_timeout=minutes, last_used=context.now)
    )
    return schemas.LoginTimeout(login=login_info.own(context), clamped=clamped)


@implements(api.SWITCH_GROUP)
def switch_group(context: Context, request: schemas.SwitchGroup) -> schemas.Login:
    """Change the login's group or, if there is no key, the user's default group."""
    principal = context.principal
    group_id = None
    if request.group is not None:
        me = select(users_table).where(users_table.c.id == principal.user_id)
        group_id = groups.joined(
            context.connection, context.connection.execute(me).one(), request.group
        )
    if principal.key_id is not None:
        change = (
            update(keys_table).where(keys_table.c.id == principal.key_id).values(group_id=group_id)
        )
    else:
        mine = users_table.c.id == principal.user_id
        change = update(users_table).where(mine).values(default_group=group_id)
    context.connection.execute(change)
    context.principal = replace(principal, group_id=group_id)
    return login_info.own(context)


@implements(api.WHO_AM_I)
def who_am_i(context: Context, request: schemas.Nothing) -> schemas.User:  # noqa: ARG001  # no fields
    """Describe the caller."""
    principal = context.principal
    return schemas.User(
        name=principal.name,
        display_name=principal.display_name,
        administrator=principal.administrator,
        via=principal.via,
        expires=principal.expires,
        guest=principal.guest,
    )


TICKET_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class _Verified:
    """The user whose password was correct, and the hash it was checked against; 0 for nobody."""

    user_id: int
    password_hash: str | None


def _begin_try(preparation: Preparation, request: schemas.LogIn) -> Passed:
    tries, address = preparation.services.login_tries, preparation.address
    name = fold_name(request.user)
    known = tries.begin(name, address)
    who = (name, address) if known else get_network(address)
    return Passed(who, known, partial(tries.withdraw, name, address))


def _verify(preparation: Preparation, request: schemas.LogIn) -> _Verified:
    who = fold_name(request.user), preparation.address
    tries = preparation.services.login_tries
    try:
        row = preparation.database.read(lambda tx: users.find(tx.connection, request.user)).result()
        password_hash = row.password_hash if row is not None else None
        right = passwords.matches(password_hash, request.password)
    except BaseException:
        tries.withdraw(*who)
        raise
    if row is None or not right:
        return _Verified(0, None)
    if row.disabled:
        # The try stays counted as a failure, or the password could be guessed without limit.
        raise AccountDisabled(
            f"The account {row.name} is disabled.", hint="Ask the server's administrator."
        )
    try:
        check_code(preparation, row.id, request.code)
    except SecondFactorNeeded:
        tries.withdraw(*who)
        raise
    tries.succeeded(*who)
    return _Verified(row.id, password_hash)


@implements(api.LOG_IN, prepare=_verify, hashes=True, gate=_begin_try)
def log_in(context: Context, request: schemas.LogIn) -> schemas.NewLogin:
    """Exchange user name and password for a key; with `sudo`, for one that acts as another user."""
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
            "Wrong user name or password.",
            hint="Try again. If you have lost the password, ask the server's "
            "administrator for a new one.",
        )
    connection = context.connection
    spend_code(context, row.id, request.code)
    if request.sudo is None:
        user, real_user_id = row, None
        reach = principals.own_reach(connection, row, request.group)
    else:
        user, real_user_id = users.required(connection, request.sudo), row.id
        reach = principals.reach_as(
            connection, row, user, request.group, administrator=row.administrator
        )
    return make(
        context,
        user,
        reach,
        idle=idle_timeout(
            context.services.limits, request.idle_timeout, administrator=row.administrator
        ),
        label=request.label,
        agent=request.agent,
        real_user_id=real_user_id,
        confirmed=context.now,
    )


@implements(api.LOG_IN_WITH_TICKET)
def redeem(context: Context, request: schemas.LogInWithTicket) -> schemas.NewLogin:
    """Exchange a one-time ticket for a key, with no more access than the login that created it."""
    ticket = keys.redeem(context.connection, request.ticket, now=context.now)
    parent = None
    if ticket is not None and ticket.parent_id is not None:
        alive = login_info.live(context.now)
        parent = context.connection.execute(
            select(keys_table).where(keys_table.c.id == ticket.parent_id, alive)
        ).one_or_none()
    if ticket is None or (ticket.parent_id is not None and parent is None):
        raise NotLoggedIn(
            "This one-time login link was used already, or has expired.",
            hint="Get another one: run `jupyter sessions web`.",
        )
    user = context.connection.execute(
        select(users_table).where(users_table.c.id == ticket.user_id)
    ).one()
    minutes, _ = idle_timeout(context.services.limits, None, administrator=False)
    reach = principals.own_reach(context.connection, user, None)
    if parent is not None:
        minutes = min(minutes, parent.idle_timeout)
        reach = principals.Reach(parent.group_id, parent.confined)
    return make(
        context,
        user,
        reach,
        idle=(minutes, False),
        label=request.label,
        agent=request.agent,
        until=None if parent is None else parent.expires,
        real_user_id=None if parent is None else parent.real_user_id,
        made_by_id=None if parent is None else parent.made_by_id,
        parent_id=None if parent is None else parent.id,
        confirmed=None if parent is None else parent.confirmed,
    )


def make(
    context: Context,
    user: Row[Any],
    reach: principals.Reach,
    *,
    idle: tuple[int, bool],
    label: str,
    agent: str = "",
    until: datetime | None = None,
    confirmed: datetime | None = None,
    **others: int | None,
) -> schemas.NewLogin:
    """Create a login: `idle` is its time-out and whether it was clamped, `others` who else acts.

    `confirmed` is when the password was given; None for a login made without a password.
    """
    expires = context.now + context.services.limits.login
    number, key = keys.make(
        context.connection,
        "login",
        user.id,
        now=context.now,
        expires=expires if until is None else min(expires, until),
        label=normalize.one_line(label, "label"),
        agent=normalize.one_line(agent, "agent"),
        idle_timeout=idle[0],
        group_id=reach.group_id,
        confined=reach.confined,
        confirmed=confirmed,
        **others,
    )
    login = login_info.by_number(context, number)
    told = {"user": login.user, "real_user": login.real_user, "made_by": login.made_by}
    events.append_to_server(
        context, "login.created", **{name: who for name, who in told.items() if who is not None}
    )
    if login.real_user is None and login.made_by is None:
        context.connection.execute(
            update(users_table).where(users_table.c.id == user.id).values(last_login=context.now)
        )
    return schemas.NewLogin(
        key=key, user=user.name, display_name=user.display_name, login=login, clamped=idle[1]
    )


@implements(api.LIST_LOGINS)
def list_logins(context: Context, request: schemas.ListLogins) -> schemas.Page[schemas.Login]:
    """List live logins, the newest first."""
    principal = context.principal
    statement = login_info.SELECT_LOGINS.where(login_info.live(context.now))
    if not principal.administrator:
        statement = statement.where(_mine(context))
    if request.user is not None:
        statement = statement.where(
            keys_table.c.user_id == users.required(context.connection, request.user).id
        )
    if request.after is not None:
        statement = statement.where(keys_table.c.id < pagination.read(request.after, 1)[0])
    rows = context.connection.execute(
        statement.order_by(keys_table.c.id.desc()).limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    return schemas.Page(
        items=[login_info.answer(context, row) for row in page],
        next=pagination.write(page[-1].id) if len(rows) > request.limit else None,
    )


def _mine(context: Context) -> Any:
    me = context.principal.user_id
    return or_(
        keys_table.c.user_id == me, keys_table.c.made_by_id == me, keys_table.c.real_user_id == me
    )


@implements(api.ISSUE_LOGIN)
def open_(context: Context, request: schemas.IssueLogin) -> schemas.NewLogin:
    """Create a login for a user; it has an absolute and an idle end like any other."""
    principal = context.principal
    if principal.real_user_id is not None:
        raise Forbidden(
            "This login acts for somebody else, so it can't create logins.",
            hint="Use your own login instead.",
        )
    me = context.connection.execute(
        select(users_table).where(users_table.c.id == principal.user_id)
    ).one()
    user = users.required(context.connection, request.user)
    if user.id == me.id and principal.administrator:
        reach, made_by_id = principals.own_reach(context.connection, user, request.group), None
    else:
        made_by_id = me.id
        reach = principals.reach_as(
            context.connection, me, user, request.group, administrator=principal.administrator
        )
    return make(
        context,
        user,
        reach,
        idle=idle_timeout(
            context.services.limits, request.idle_timeout, administrator=principal.administrator
        ),
        label=request.label,
        made_by_id=made_by_id,
        # Users who create a login for themselves do not get around confirming their own.
        confirmed=principal.confirmed if user.id == me.id else None,
    )


@implements(api.REVOKE_LOGIN)
def close(context: Context, request: schemas.LoginNamed) -> schemas.Login:
    """End a login."""
    row = context.connection.execute(
        login_info.SELECT_LOGINS.where(
            keys_table.c.id == request.id,
            *([] if context.principal.administrator else [_mine(context)]),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no login {request.id} that you may end.",
            hint="You can end your own logins and those that you created for others. "
            "To list them, run `logins --there`.",
        )
    if row.revoked is None:
        _end(context, row.id, row.user_id, row.user)
    return login_info.by_number(context, row.id)


def _end(context: Context, key_id: int, user_id: int, user: str) -> None:
    keys.revoke(context.connection, keys_table.c.id == key_id, now=context.now)
    notify_sessions_of(context, user_id)
    events.append_to_server(context, "login.ended", user=user)
    guests.end_unused(context, users_table.c.id == user_id)


def end_replaced(context: Context, before: str, now: str) -> None:
    """End the login that another one replaces in a browser, if it has not ended.

    Everything derived from the earlier login ends with it, except its successor.
    """
    alive = login_info.live(context.now)
    old, new = (
        context.connection.execute(
            select(keys_table).where(
                keys_table.c.hash == principals.digest(key), keys_table.c.kind == "login", alive
            )
        ).one_or_none()
        for key in (before, now)
    )
    if old is None or new is None or old.id == new.id:
        return
    if new.parent_id == old.id:
        context.connection.execute(
            update(keys_table).where(keys_table.c.id == new.id).values(parent_id=old.parent_id)
        )
    user = context.connection.execute(
        select(users_table.c.name).where(users_table.c.id == old.user_id)
    ).scalar_one()
    _end(context, old.id, old.user_id, user)


@implements(api.LOG_OUT)
def log_out(context: Context, request: schemas.Nothing) -> schemas.Done:  # noqa: ARG001  # no fields
    """End the login of this request."""
    principal = context.principal
    if principal.key_id is not None:
        _end(context, principal.key_id, principal.user_id, principal.name)
    return schemas.Done()


@implements(api.MAKE_TICKET)
def make_ticket(context: Context, request: schemas.Nothing) -> schemas.Ticket:  # noqa: ARG001  # no fields
    """Create a one-time login link for the caller."""
    expires = context.now + TICKET_LIFETIME
    _, ticket = keys.make(
        context.connection,
        "ticket",
        context.principal.user_id,
        now=context.now,
        expires=expires,
        parent_id=context.principal.key_id,
    )
    return schemas.Ticket(ticket=ticket, expires=expires)
