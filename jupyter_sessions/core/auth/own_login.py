"""The login that a request came with: how long it lives, in which group it works."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core.auth import groups, login_info, principals
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.limits import Limits
from jupyter_sessions.core.registry import implements
from jupyter_sessions.errors import Conflict
from jupyter_sessions.store.tables import keys
from jupyter_sessions.store.tables import users as users_table


def idle_timeout(limits: Limits, asked: int | None, *, administrator: bool) -> tuple[int, bool]:
    """Return the idle time-out in minutes that a login gets, and whether it is less than asked."""
    wanted = limits.login_idle if asked is None else timedelta(minutes=asked)
    # A login that nobody uses has an end, whoever made it.
    longest = limits.login if administrator else min(limits.longest_login_idle, limits.login)
    minutes = max(1, min(wanted, longest) // timedelta(minutes=1))
    return minutes, asked is not None and minutes < asked


@implements(api.CHECK_LOGIN)
def check(context: Context, request: schemas.Nothing) -> schemas.Login:  # noqa: ARG001  # no fields
    """Show the login."""
    return login_info.own(context)


@implements(api.KEEP_LOGIN)
def keep(context: Context, request: schemas.Nothing) -> schemas.Login:  # noqa: ARG001  # no fields
    """Reset the idle clock."""
    if context.principal.key_id is not None:
        principals.note_use(context.connection, context.principal.key_id, context.now)
    return login_info.own(context)


@implements(api.TIME_LOGIN)
def time(context: Context, request: schemas.TimeLogin) -> schemas.TimedLogin:
    """Change the idle time-out, as far as the server's limit goes."""
    principal = context.principal
    if principal.key_id is None:
        raise Conflict(
            "There is no login here that could run out: you are known without a key.",
            hint="A login made by `login` has a time-out.",
        )
    minutes, clamped = idle_timeout(
        context.services.limits, request.idle_timeout, administrator=principal.administrator
    )
    context.connection.execute(
        update(keys)
        .where(keys.c.id == principal.key_id)
        .values(idle_timeout=minutes, last_used=context.now)
    )
    return schemas.TimedLogin(login=login_info.own(context), clamped=clamped)


@implements(api.SWITCH_GROUP)
def switch_group(context: Context, request: schemas.SwitchGroup) -> schemas.Login:
    """Change the login's group; where there is no key, the user's default group."""
    principal = context.principal
    group_id = None
    if request.group is not None:
        me = select(users_table).where(users_table.c.id == principal.user_id)
        group_id = groups.joined(
            context.connection, context.connection.execute(me).one(), request.group
        )
    if principal.key_id is not None:
        change = update(keys).where(keys.c.id == principal.key_id).values(group_id=group_id)
    else:
        mine = users_table.c.id == principal.user_id
        change = update(users_table).where(mine).values(default_group=group_id)
    context.connection.execute(change)
    context.principal = replace(principal, group_id=group_id)
    return login_info.own(context)


@implements(api.WHO_AM_I)
def who_am_i(context: Context, request: schemas.Nothing) -> schemas.User:  # noqa: ARG001  # no fields
    """Tell who is asking."""
    principal = context.principal
    return schemas.User(
        name=principal.name,
        display_name=principal.display_name,
        administrator=principal.administrator,
        via=principal.via,
        expires=principal.expires,
        guest=principal.guest,
    )
