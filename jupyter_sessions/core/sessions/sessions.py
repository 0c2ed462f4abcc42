"""Create, list, update, disable, close, remove, restore and transfer sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    false,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.core import normalize, pagination, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import groups
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Conflict, NoSuchSession
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import files, members, sessions
from jupyter_sessions.store.tables import groups as groups_table
from jupyter_sessions.store.tables import users as users_table
from jupyter_sessions.store.types import Instant, Number, is_in
from jupyter_sessions.urls import build_session_url

_LOWEST_CODE = 10**21

_DEFAULT_LABEL = "Default session"


_FILES = CompiledStatement(
    select(files.c.session_id, func.count().label("files"))
    .where(is_in(files.c.session_id, "ids"))
    .group_by(files.c.session_id)
)


def answer(context: Context, session: OpenSession) -> schemas.Session:
    """Return a session as the caller sees it."""
    return answers(context, [session])[0]


def answers(context: Context, sessions: Sequence[OpenSession]) -> list[schemas.Session]:
    """Return sessions as the caller sees them."""
    if not sessions:
        return []
    found = _FILES.rows(context.connection, ids=[session.id for session in sessions])
    published = {row.session_id: row.files for row in found}
    return [_answer(context, session, published.get(session.id, 0)) for session in sessions]


def _answer(context: Context, session: OpenSession, published: int) -> schemas.Session:
    purged = session.removed and session.removed + context.services.limits.restorable
    return schemas.Session(
        code=session.code,
        url=context.server and build_session_url(context.server, session.code),
        label=session.label,
        description=session.description,
        message=session.message,
        agent=session.agent,
        owner=session.owner,
        group=session.group,
        roles=session.role_names,
        state=session.state,
        default=session.default,
        created=session.created,
        last_used=session.last_used,
        commands=session.commands,
        last_command=session.last_command,
        events=session.events,
        members=session.members,
        idle_timeout=session.idle_timeout,
        lifetime=session.lifetime,
        closes=session.closes if session.closed is None else session.closed,
        removed=session.removed,
        purged=purged,
        files=published,
    )


def make(context: Context, **attributes: Any) -> None:
    """Create a session that the principal owns, and open it in the context."""
    row = {
        "code": str(_LOWEST_CODE + secrets.randbelow(9 * _LOWEST_CODE)),
        "label": "",
        "description": "",
        "message": "",
        "agent": "",
        "owner_id": context.principal.user_id,
        "created": context.now,
        "last_used": context.now,
        "disabled": False,
        "commands": 0,
        "events": 0,
        "last_command": "",
        "group_id": context.principal.group_id,
        **attributes,
    }
    id_ = context.connection.execute(
        insert(sessions).values(row).returning(sessions.c.id)
    ).scalar_one()
    context.connection.execute(
        insert(members).values(
            session_id=id_,
            user_id=context.principal.user_id,
            roles=int(roles.ALL),
            since=context.now,
        )
    )
    told = {"label": row["label"]}
    if row["group_id"] is not None:
        told |= groups.join_session(context, id_, row["group_id"])
    context.open_session = permissions.load(
        context.connection, context.principal, str(row["code"]), now=context.now, lock=False
    )
    events.append(context, "session.created", told)
    permissions.save(context.connection, context.session)


def default_code(context: Context) -> str:
    """Return the code of the principal's default session, creating it when first needed."""
    me = users_table.c.id == context.principal.user_id
    # Locked, so that two simultaneous requests create only one session.
    context.connection.execute(select(users_table.c.id).where(me).with_for_update())
    found = context.connection.execute(
        select(sessions.c.code)
        .join(users_table, users_table.c.default_session == sessions.c.id)
        .where(me)
    ).scalar()
    if found is not None:
        return str(found)
    make(context, label=_DEFAULT_LABEL, group_id=None)
    context.connection.execute(
        update(users_table).where(me).values(default_session=context.session.id)
    )
    return context.session.code


@implements(api.CREATE_SESSION)
def create(context: Context, request: schemas.NewSession) -> schemas.Session:
    """Create a session."""
    make(
        context,
        label=normalize.one_line(request.label, "label"),
        description=normalize.prose(request.description, "description"),
        idle_timeout=request.idle_timeout,
        lifetime=request.lifetime,
    )
    return answer(context, context.session)


@implements(api.GET_SESSION)
def get(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Show a session."""
    return answer(context, context.session)


@implements(api.SESSION_EXISTS)
def exists(context: Context, request: schemas.SessionNamed) -> schemas.Existence:
    """Check whether the principal has a role in the session, without counting as activity."""
    try:
        session = permissions.load(
            context.connection, context.principal, request.code, now=context.now, lock=False
        )
    except NoSuchSession:
        ended_by = events.find_revoker(context, request.code, context.principal.name)
        return schemas.Existence(exists=False, ended_by=ended_by)
    return schemas.Existence(exists=session.removed is None)


#: The texts that describe a session, each with the check of its form.
_NORMALIZERS: dict[str, Callable[[str, str], str]] = {
    "label": normalize.one_line,
    "description": normalize.prose,
    "message": normalize.prose,
    "agent": normalize.one_line,
}


@implements(api.UPDATE_SESSION)
def describe(context: Context, request: schemas.UpdateSession) -> schemas.Session:
    """Change the session's label, description, message and agent."""
    values = {
        name: check(given, name)
        for name, check in _NORMALIZERS.items()
        if (given := getattr(request, name)) is not msgspec.UNSET
    }
    return _change(context, "session.described", **values)


@implements(api.SET_SESSION_TIMEOUTS)
def time(context: Context, request: schemas.SetSessionTimeouts) -> schemas.Session:
    """Change the time-outs."""
    refuse_default(context, "can't have a time-out")
    asked = {"idle_timeout": request.idle_timeout, "lifetime": request.lifetime}
    values = {name: value for name, value in asked.items() if value is not msgspec.UNSET}
    return _change(context, "session.timed", **values)


@implements(api.DISABLE_SESSION)
def disable(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Block access for everyone but the owner."""
    return _change(context, "session.disabled", disabled=True)


@implements(api.ENABLE_SESSION)
def enable(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Let the members back in."""
    return _change(context, "session.enabled", disabled=False, reopened=context.now)


@implements(api.CLOSE_SESSION)
def close(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Make the session a read-only archive that its members can read, even if it was disabled."""
    refuse_default(context, "can't be closed")
    reopened = context.now if context.session.disabled else context.session.reopened
    return _change(context, "session.closed", closed=context.now, disabled=False, reopened=reopened)


@implements(api.REMOVE_SESSION)
def remove(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Remove the session from all lists."""
    refuse_default(context, "can't be removed")
    return _change(context, "session.removed", removed=context.now)


@implements(api.RESTORE_SESSION)
def restore(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Restore the session as it was."""
    return _change(context, "session.restored", removed=None, reopened=context.now)


def refuse_default(context: Context, why: str) -> None:
    """Refuse an operation that is not allowed for a default session; `why` ends the sentence.

    Raises
    ------
    Conflict
        If it is a default session.
    """
    if context.session.default:
        raise Conflict(
            f"This is your default session, which {why}.",
            hint="Create a separate session for that. In the default session you can "
            "forget commands and unpublish files.",
        )


def _change(context: Context, kind: str, **values: Any) -> schemas.Session:
    context.session.change(**values)
    told = {name: value for name, value in values.items() if not isinstance(value, datetime | bool)}
    events.append(context, kind, {} if kind == "session.restored" else told)
    return answer(context, context.session)


@implements(api.LIST_SESSIONS, costly=lambda request: bool(request.search))
def list_sessions(context: Context, request: schemas.ListSessions) -> schemas.Page[schemas.Session]:
    """List the sessions that the principal has a role in."""
    confined, later = context.principal.confined, request.after is not None
    values: dict[str, Any] = {
        "me": context.principal.user_id,
        "my_group": context.principal.group_id,
        "rows": request.limit + 1,
    }
    if request.after is not None:
        used, id_ = pagination.read(request.after, 2)
        values |= {"used": pagination.instant(used), "id": id_}
    rows: Sequence[Any]
    if request.search:
        condition = _containing(request.search)
        statement = _page_statement(request.which, confined, later, condition)
        rows = context.connection.execute(statement, values).all()
    else:
        rows = _page(request.which, confined, later).rows(context.connection, **values)
    page = rows[: request.limit]
    following = None
    if len(rows) > request.limit:
        following = pagination.write(pagination.number(page[-1].last_used), page[-1].id)
    opened = [as_it_is_now(permissions.opened(row), context.now) for row in page]
    return schemas.Page(items=answers(context, opened), next=following)


def _page_statement(
    which: str, confined: bool, later: bool, condition: ColumnElement[bool] | None = None
) -> Select[Any]:
    """Select a page of sessions: only for its rows is more looked up than what sorts them."""
    me = bindparam("me", type_=Number)
    place = sessions.c.last_used, sessions.c.id
    order = sessions.c.last_used.desc(), sessions.c.id.desc()
    ids = select(sessions.c.id).where(
        sessions.c.id.in_(permissions.select_sessions_of(me)), *_which(which, me)
    )
    if confined:
        ids = ids.where(sessions.c.group_id == bindparam("my_group", type_=Number))
    if later:
        # Values in a tuple do not inherit the types of the columns that they are compared with.
        ids = ids.where(
            tuple_(*place) < tuple_(bindparam("used", type_=Instant), bindparam("id", type_=Number))
        )
    if condition is not None:
        ids = (
            ids.join(users_table, users_table.c.id == sessions.c.owner_id)
            .outerjoin(groups_table, groups_table.c.id == sessions.c.group_id)
            .where(condition)
        )
    ids = ids.order_by(*order).limit(bindparam("rows", type_=Integer))
    return permissions.loaded(me).where(sessions.c.id.in_(ids)).order_by(*order)


@cache
def _page(which: str, confined: bool, later: bool) -> CompiledStatement:
    return CompiledStatement(_page_statement(which, confined, later))


def as_it_is_now(session: OpenSession, now: datetime) -> OpenSession:
    """Return a session whose time has run out as closed."""
    if session.closed is None and session.closes is not None and session.closes <= now:
        session.closed = session.closes
    return session


def _which(which: str, me: Any) -> list[ColumnElement[bool]]:
    if which == "removed":
        return [sessions.c.removed.is_not(None), sessions.c.owner_id == me]
    reachable = or_(sessions.c.owner_id == me, ~sessions.c.disabled)
    conditions = [sessions.c.removed.is_(None), reachable]
    if which == "mine":
        conditions.append(sessions.c.owner_id == me)
    if which == "shared":
        conditions.append(sessions.c.owner_id != me)
    return conditions


def _containing(text: str) -> ColumnElement[bool]:
    if "\0" in text:
        # Nothing contains it, and the databases truncate or refuse it.
        return false()
    columns = (
        sessions.c.label,
        sessions.c.description,
        sessions.c.code,
        users_table.c.name,
        func.coalesce(groups_table.c.name, ""),
    )
    return and_(
        *(
            or_(*(column.icontains(word, autoescape=True) for column in columns))
            for word in text.split()
        )
    )


@implements(api.TRANSFER_SESSION)
def transfer(context: Context, request: schemas.TransferSession) -> schemas.Session:
    """Make another user the owner; the previous owner becomes an admin."""
    user = users.required(context.connection, request.user)
    session = context.session
    if user.id == session.owner_id:
        raise Conflict(f"{user.name} owns this session already.", hint="Nothing needs to be done.")
    if normalize.is_guest(user.name):
        raise Conflict(f"{user.name} is a guest.", hint="Choose a user with an account.")
    if user.disabled:
        raise Conflict(
            f"The account of {user.name} is disabled.", hint="Choose a user who can log in."
        )
    refuse_default(context, "can't be transferred")
    admin = roles.expand(roles.Roles.ADMIN)
    of_session = members.c.session_id == session.id
    context.connection.execute(
        update(members)
        .where(of_session, members.c.user_id == session.owner_id)
        .values(roles=int(admin))
    )
    held = context.connection.execute(
        update(members)
        .where(of_session, members.c.user_id == user.id)
        .values(roles=int(roles.ALL), granted_by=session.owner_id)
    )
    if not held.rowcount:
        context.connection.execute(
            insert(members).values(
                session_id=session.id,
                user_id=user.id,
                roles=int(roles.ALL),
                since=context.now,
                granted_by=session.owner_id,
            )
        )
        session.members += 1
    session.change(owner_id=user.id)
    session.owner, session.roles = user.name, admin
    events.append(context, "session.transferred", {"user": user.name})
    return answer(context, session)
