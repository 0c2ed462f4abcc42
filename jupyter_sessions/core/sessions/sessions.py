"""Making, listing, describing, disabling, closing, removing and transferring sessions."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, select, update

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.auth import groups
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Conflict, NoSuchSession
from jupyter_sessions.store.tables import members, sessions
from jupyter_sessions.store.tables import users as users_table

_LOWEST_CODE = 10**21
_DEFAULT_LABEL = "Default session"


def answer(context: Context, session: OpenSession) -> schemas.Session:
    """Show a session to the asking member."""
    purged = session.removed and session.removed + context.services.limits.restorable
    return schemas.Session(
        code=session.code,
        url=context.server and f"{context.server}/sessions/{session.code}/experiment",
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
    )


def make(context: Context, **attributes: Any) -> None:
    """Make a session that the principal owns, and open it in the context."""
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
    """Return the code of the principal's default session, which is made at first need."""
    me = users_table.c.id == context.principal.user_id
    # Locked, so that two first needs at once make one session.
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
    """Make a session."""
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
    """Tell whether the principal has a role in the session, without waking it."""
    try:
        session = permissions.load(
            context.connection, context.principal, request.code, now=context.now, lock=False
        )
    except NoSuchSession:
        return schemas.Existence(exists=False)
    return schemas.Existence(exists=session.removed is None)


#: What is said of a session in words, and what holds the words to their form.
_SAID: dict[str, Callable[[str, str], str]] = {
    "label": normalize.one_line,
    "description": normalize.prose,
    "message": normalize.prose,
    "agent": normalize.one_line,
}


@implements(api.DESCRIBE_SESSION)
def describe(context: Context, request: schemas.DescribeSession) -> schemas.Session:
    """Change what is said of the session."""
    values = {
        name: check(given, name)
        for name, check in _SAID.items()
        if (given := getattr(request, name)) is not msgspec.UNSET
    }
    return _change(context, "session.described", **values)


@implements(api.TIME_SESSION)
def time(context: Context, request: schemas.TimeSession) -> schemas.Session:
    """Change the time-outs."""
    refuse_default(context, "can't be given an end")
    asked = {"idle_timeout": request.idle_timeout, "lifetime": request.lifetime}
    values = {name: value for name, value in asked.items() if value is not msgspec.UNSET}
    return _change(context, "session.timed", **values)


@implements(api.DISABLE_SESSION)
def disable(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Shut everyone but the owner out."""
    return _change(context, "session.disabled", disabled=True)


@implements(api.ENABLE_SESSION)
def enable(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Let the members in again."""
    return _change(context, "session.enabled", disabled=False)


@implements(api.CLOSE_SESSION)
def close(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Make the session a read-only archive; its members can look at it, even if it was disabled."""
    refuse_default(context, "can't be closed")
    return _change(context, "session.closed", closed=context.now, disabled=False)


@implements(api.REMOVE_SESSION)
def remove(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Take the session out of every list."""
    refuse_default(context, "can't be removed")
    return _change(context, "session.removed", removed=context.now)


@implements(api.RESTORE_SESSION)
def restore(context: Context, request: schemas.SessionNamed) -> schemas.Session:  # noqa: ARG001  # loaded
    """Bring the session back as it was."""
    return _change(context, "session.restored", removed=None)


def refuse_default(context: Context, why: str) -> None:
    """Refuse for someone's default session what it can't be put through; `why` ends the sentence.

    Raises
    ------
    Conflict
        When it is one.
    """
    if context.session.default:
        raise Conflict(
            f"This is your default session, which {why}.",
            hint="Make a session of its own for that. What is in this one can be forgotten and "
            "unpublished.",
        )


def _change(context: Context, kind: str, **values: Any) -> schemas.Session:
    context.session.change(**values)
    told = {name: value for name, value in values.items() if not isinstance(value, datetime | bool)}
    events.append(context, kind, {} if kind == "session.restored" else told)
    return answer(context, context.session)
