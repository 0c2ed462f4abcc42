"""Describe logins in answers, without their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, or_, select, type_coerce

from jupyter_sessions import schemas
from jupyter_sessions.core import pagination
from jupyter_sessions.core.auth.principals import key_ends
from jupyter_sessions.core.context import Context
from jupyter_sessions.store.tables import groups, keys
from jupyter_sessions.store.tables import users as users_table

_MINUTE = 60_000_000  # in the unit of stored instants, microseconds
_REAL = users_table.alias("real_users")
_MAKERS = users_table.alias("makers")

#: A login with the names for its numbers.
SELECT_LOGINS: Select[Any] = (
    select(
        keys,
        users_table.c.name.label("user"),
        _REAL.c.name.label("real_user"),
        _MAKERS.c.name.label("made_by"),
        groups.c.name.label("group_name"),
    )
    .join(users_table, users_table.c.id == keys.c.user_id)
    .outerjoin(_REAL, _REAL.c.id == keys.c.real_user_id)
    .outerjoin(_MAKERS, _MAKERS.c.id == keys.c.made_by_id)
    .outerjoin(groups, groups.c.id == keys.c.group_id)
    .where(keys.c.kind == "login")
)


def live(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition for logins that have not ended."""
    return live_at(now, pagination.number(now))


def live_at(now: Any, number: Any) -> ColumnElement[bool]:
    """Return the same condition for a time and its stored number, as values or parameters."""
    unused = number - type_coerce(keys.c.last_used, BigInteger)
    return and_(
        keys.c.revoked.is_(None),
        or_(keys.c.expires.is_(None), keys.c.expires > now),
        or_(keys.c.idle_timeout.is_(None), unused // _MINUTE < keys.c.idle_timeout),
    )


def answer(context: Context, row: Any) -> schemas.Login:
    """Return the answer for a row of `SELECT_LOGINS`."""
    ends = key_ends(row)
    state: schemas.LoginState = "active"
    if row.revoked is not None:
        state = "revoked"
    elif ends is not None and ends <= context.now:
        state = "expired"
    return schemas.Login(
        id=row.id,
        user=row.user,
        real_user=row.real_user,
        made_by=row.made_by,
        group=row.group_name,
        confined=row.confined,
        label=row.label,
        agent=row.agent,
        created=row.created,
        last_used=row.last_used,
        expires=row.expires,
        idle_timeout=row.idle_timeout,
        current=row.id == context.principal.key_id,
        state=state,
    )


def by_number(context: Context, number: int) -> schemas.Login:
    """Return the login with that number."""
    return answer(
        context, context.connection.execute(SELECT_LOGINS.where(keys.c.id == number)).one()
    )


def own(context: Context) -> schemas.Login:
    """Return the login of this request."""
    principal = context.principal
    if principal.key_id is not None:
        return by_number(context, principal.key_id)
    group = select(groups.c.name).where(groups.c.id == principal.group_id)
    return schemas.Login(
        id=None,
        user=principal.name,
        real_user=None,
        made_by=None,
        group=context.connection.execute(group).scalar(),
        confined=False,
        label="",
        agent="",
        created=None,
        last_used=None,
        expires=None,
        idle_timeout=None,
        current=True,
        state="active",
    )
