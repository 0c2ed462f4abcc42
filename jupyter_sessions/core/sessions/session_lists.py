"""Lists of the sessions that someone has a role in: filtered, searched, page by page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, false, func, or_, tuple_
from sqlalchemy.sql.elements import ColumnElement

from jupyter_sessions import api, schemas
from jupyter_sessions.core import pagination, permissions
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions.sessions import answer
from jupyter_sessions.store.tables import groups, sessions
from jupyter_sessions.store.tables import users as users_table


@implements(api.LIST_SESSIONS, costly=lambda request: bool(request.search))
def list_sessions(context: Context, request: schemas.ListSessions) -> schemas.Page[schemas.Session]:
    """List the sessions that the principal has a role in."""
    me = context.principal.user_id
    within = sessions.c.id.in_(permissions.sessions_of(me))
    statement = permissions.loaded(me).where(within, *_which(request, me))
    if context.principal.confined:
        statement = statement.where(sessions.c.group_id == context.principal.group_id)
    if request.search:
        statement = statement.where(_containing(request.search))
    if request.after is not None:
        used, id_ = pagination.read(request.after, 2)
        place = sessions.c.last_used, sessions.c.id
        # The values of a tuple don't take over the types of the columns beside them.
        after = tuple_(pagination.instant(used), id_, types=[column.type for column in place])
        statement = statement.where(tuple_(*place) < after)
    rows = context.connection.execute(
        statement.order_by(sessions.c.last_used.desc(), sessions.c.id.desc()).limit(
            request.limit + 1
        )
    ).all()
    page = rows[: request.limit]
    following = None
    if len(rows) > request.limit:
        following = pagination.write(pagination.number(page[-1].last_used), page[-1].id)
    return schemas.Page(
        items=[answer(context, as_it_is_now(permissions.opened(row), context.now)) for row in page],
        next=following,
    )


def as_it_is_now(session: OpenSession, now: datetime) -> OpenSession:
    """Show a session whose time has run out as closed."""
    if session.closed is None and session.closes is not None and session.closes <= now:
        session.closed = session.closes
    return session


def _which(request: schemas.ListSessions, me: int) -> list[ColumnElement[bool]]:
    if request.which == "removed":
        return [sessions.c.removed.is_not(None), sessions.c.owner_id == me]
    reachable = or_(sessions.c.owner_id == me, ~sessions.c.disabled)
    conditions = [sessions.c.removed.is_(None), reachable]
    if request.which == "mine":
        conditions.append(sessions.c.owner_id == me)
    if request.which == "shared":
        conditions.append(sessions.c.owner_id != me)
    return conditions


def _containing(text: str) -> ColumnElement[bool]:
    if "\0" in text:
        # Nothing has it, and the databases cut it off or refuse it.
        return false()
    columns = (
        sessions.c.label,
        sessions.c.description,
        sessions.c.code,
        users_table.c.name,
        func.coalesce(groups.c.name, ""),
    )
    return and_(
        *(
            or_(*(column.icontains(word, autoescape=True) for column in columns))
            for word in text.split()
        )
    )
