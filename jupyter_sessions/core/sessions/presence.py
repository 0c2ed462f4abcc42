"""Track who is connected: who has a session open, and which logins were used lately.

Presence is neither an event nor activity, so it does not reset an idle clock. A client reports that
it is present, and repeats the report before it lapses; for users who follow live their server
reports, in one statement for all.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination, permissions
from jupyter_sessions.core.auth import login_info
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.types import Follower
from jupyter_sessions.errors import TooLarge
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import commands, groups, keys, presence, sessions, users
from jupyter_sessions.store.types import Instant, Number

#: A client that has not reported for this long is no longer present.
LAPSES = timedelta(seconds=150)
#: How long after its last use a login counts as in use; reads are not stored more often.
_LATELY = timedelta(hours=1)
_MOST = 500
# The folders of an absolute path at the beginning of an agent's name.
_FOLDERS = re.compile(r"^(?:[/\\~]|[A-Za-z]:[/\\]).*[/\\]")
_MOST_OF_ONE = 100

_REAL = users.alias("real_users")
# The user's newest command in the session.
_LAST = (
    select(commands.c.started)
    .where(commands.c.session_id == presence.c.session_id, commands.c.user_id == presence.c.user_id)
    .order_by(commands.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_PRESENT = (
    select(
        presence,
        users.c.name.label("user"),
        _REAL.c.name.label("real_user"),
        groups.c.name.label("group"),
        sessions.c.code,
        keys.c.last_used,
        _LAST.label("last_command"),
    )
    .join(sessions, sessions.c.id == presence.c.session_id)
    .join(users, users.c.id == presence.c.user_id)
    .outerjoin(_REAL, _REAL.c.id == presence.c.real_user_id)
    .outerjoin(keys, keys.c.id == presence.c.key_id)
    .outerjoin(groups, groups.c.id == keys.c.group_id)
    .order_by(presence.c.since, presence.c.client)
)


_SESSION_ID = bindparam("session_id", type_=Number)
#: As `_alive`, for one session.
_IN_SESSION = CompiledStatement(
    _PRESENT.where(
        presence.c.session_id == _SESSION_ID,
        presence.c.user_id.in_(permissions.readers(_SESSION_ID)),
        presence.c.seen > bindparam("lapsed", type_=Instant),
        presence.c.seen <= bindparam("ahead", type_=Instant),
        or_(
            presence.c.key_id.is_(None),
            login_info.live_at(
                bindparam("now", type_=Instant), bindparam("number", type_=BigInteger)
            ),
        ),
    ).limit(_MOST + 1)
)


def _lapsed(context: Context) -> ColumnElement[bool]:
    # A report from the future was made before the clock was set back. Clients that are still there
    # report again within the minute.
    return or_(presence.c.seen <= context.now - LAPSES, presence.c.seen > context.now + LAPSES)


def _alive(context: Context) -> ColumnElement[bool]:
    return and_(
        ~_lapsed(context),
        or_(presence.c.key_id.is_(None), login_info.live(context.now)),
    )


@implements(api.LIST_PRESENCE)
def list_presence(context: Context, request: schemas.SessionNamed) -> schemas.Present:  # noqa: ARG001  # loaded
    """List who has the session open."""
    now = context.now
    rows = _IN_SESSION.rows(
        context.connection,
        session_id=context.session.id,
        now=now,
        number=pagination.number(now),
        lapsed=now - LAPSES,
        ahead=now + LAPSES,
    )
    return schemas.Present(
        here=[_build_presence(context, row, row.code) for row in rows[:_MOST]],
        more=len(rows) > _MOST,
    )


@implements(api.KEEP_PRESENCE)
def keep(context: Context, request: schemas.KeepPresence) -> schemas.Done:
    """Record that a client has the session open."""
    mine = (
        presence.c.session_id == context.session.id,
        presence.c.user_id == context.principal.user_id,
    )
    context.connection.execute(delete(presence).where(*mine, _lapsed(context)))
    changed = context.connection.execute(
        update(presence)
        .where(*mine, presence.c.client == request.client, presence.c.keeper.is_(None))
        .values(
            seen=context.now,
            kind=request.kind,
            agent=normalize.one_line(request.agent, "agent"),
            key_id=context.principal.key_id,
        )
    )
    if changed.rowcount:
        return schemas.Done()
    count = context.connection.execute(select(func.count()).select_from(presence).where(*mine))
    if count.scalar_one() >= _MOST_OF_ONE:
        raise TooLarge(
            f"You have the session open in {_MOST_OF_ONE} places already.",
            hint="Close some of them.",
        )
    context.connection.execute(
        insert(presence).values(
            session_id=context.session.id,
            user_id=context.principal.user_id,
            client=request.client,
            real_user_id=context.principal.real_user_id,
            key_id=context.principal.key_id,
            kind=request.kind,
            agent=normalize.one_line(request.agent, "agent"),
            since=context.now,
            seen=context.now,
        )
    )
    return schemas.Done()


@implements(api.END_PRESENCE)
def end(context: Context, request: schemas.EndPresence) -> schemas.Done:
    """Record that a client no longer has the session open."""
    context.connection.execute(
        delete(presence).where(
            presence.c.session_id == context.session.id,
            presence.c.user_id == context.principal.user_id,
            presence.c.client == request.client,
            presence.c.keeper.is_(None),
        )
    )
    return schemas.Done()


def store_followers(
    context: Context, server: str, started: list[Follower], stopped: list[str], *, beat: bool
) -> None:
    """Record who started and stopped following at a server; with `beat`, that it is alive."""
    if stopped:
        context.connection.execute(
            delete(presence).where(presence.c.keeper == server, presence.c.client.in_(stopped))
        )
    if beat:
        context.connection.execute(
            update(presence).where(presence.c.keeper == server).values(seen=context.now)
        )
        drop_lapsed(context)
    if started:
        rows = [
            {
                "client": one.client,
                "session_id": one.session_id,
                "user_id": one.user_id,
                "real_user_id": one.real_user_id,
                "key_id": one.key_id,
                "kind": one.kind,
                "agent": one.agent,
                "since": context.now,
                "seen": context.now,
                "keeper": server,
            }
            for one in started
        ]
        new = upsert(context.connection, presence).on_conflict_do_nothing()
        context.connection.execute(new, rows)


def drop_lapsed(context: Context) -> None:
    """Delete lapsed entries."""
    context.connection.execute(delete(presence).where(_lapsed(context)))


@implements(api.WHO)
def who(context: Context, request: schemas.Nothing) -> schemas.Present:  # noqa: ARG001  # no fields
    """List who is connected, as far as the caller may know."""
    principal = context.principal
    mine = permissions.select_sessions_of(principal.user_id, Roles.READ)
    statement = _PRESENT.add_columns(presence.c.session_id.in_(mine).label("shared"))
    if not principal.administrator:
        visible = and_(
            presence.c.session_id.in_(mine), ~sessions.c.disabled, sessions.c.removed.is_(None)
        )
        statement = statement.where(or_(presence.c.user_id == principal.user_id, visible))
    rows = context.connection.execute(statement.where(_alive(context)).limit(_MOST + 1)).all()
    here = [_seen_from_outside(context, row) for row in rows[:_MOST]]
    idle = _logins(context)
    return schemas.Present(
        here=sorted([*here, *idle], key=lambda one: one.since)[:_MOST],
        more=len(rows) + len(idle) > _MOST,
    )


def _logins(context: Context) -> list[schemas.Presence]:
    """Return the logins in use without an open session: the caller's, for administrators all."""
    principal = context.principal
    open_ = select(1).where(presence.c.key_id == keys.c.id, _alive(context)).exists()
    statement = login_info.SELECT_LOGINS.where(
        login_info.live(context.now), keys.c.last_used > context.now - _LATELY, ~open_
    )
    if not principal.administrator:
        statement = statement.where(keys.c.user_id == principal.user_id)
    rows = context.connection.execute(statement.order_by(keys.c.id).limit(_MOST))
    return [
        schemas.Presence(
            user=row.user,
            real_user=row.real_user or row.made_by,
            guest=normalize.is_guest(row.user),
            group=row.group_name,
            session=None,
            kind="login",
            agent=row.agent or row.label,
            since=row.created,
            last_act=row.last_used,
            mine=row.user_id == principal.user_id,
        )
        for row in rows
    ]


def _seen_from_outside(context: Context, row: Row[Any]) -> schemas.Presence:
    """Describe a user with a session open; only its members see its code (the rest as in OMERO)."""
    shown = _build_presence(context, row, row.code if row.shared else None)
    if context.principal.administrator or shown.mine:
        return shown
    shown.agent, shown.group, shown.last_act = "", None, None
    return shown


def _build_presence(context: Context, row: Any, code: str | None) -> schemas.Presence:
    mine = row.user_id == context.principal.user_id
    acts = [at for at in (row.last_command, row.last_used) if at is not None]
    return schemas.Presence(
        user=row.user,
        real_user=row.real_user,
        guest=normalize.is_guest(row.user),
        group=row.group,
        session=code,
        kind=row.kind,
        agent=row.agent if mine else _FOLDERS.sub("", row.agent),
        since=row.since,
        last_act=max(acts, default=None),
        mine=mine,
    )
