"""Append to and read each session's event log, and feed it to the followers of live views."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Integer, bindparam, insert, select

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import principals
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.history import summaries
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.types import Credentials
from jupyter_sessions.errors import SessionsError
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import events, server_events, sessions
from jupyter_sessions.store.tables import users as users_table
from jupyter_sessions.store.types import number_in, rows_in

#: The number of a session's newest events that are searched for a revocation.
_SEARCHED = 10_000

_INSERT = CompiledStatement(insert(events), columns=events.columns.keys())


_encode = msgspec.json.Encoder().encode

_decode = msgspec.json.Decoder().decode


def append(
    context: Context, kind: str, *data: dict[str, Any], session: OpenSession | None = None
) -> None:
    """Append one event for each of `data`, in this transaction.

    Parameters
    ----------
    kind
        One of `schemas.EVENT_KINDS`.
    data
        Further details of each event; never secrets or content.
    session
        A session other than the context's, which the caller must save.
    """
    if kind not in schemas.EVENT_KINDS:
        raise ValueError(f"there is no kind of event {kind!r}")
    session = session or context.session
    first = session.events + 1
    session.change(events=session.events + len(data))
    context.transaction.changed.add(session.id)
    said = _build_row(context, kind)
    rows = [
        {
            **said,
            "id": number_in(session.id, number),
            "session_id": session.id,
            "number": number,
            "data": _encode(item).decode(),
        }
        for number, item in enumerate(data, first)
    ]
    _INSERT.run(context.connection, rows)


def append_to_server(context: Context, kind: str, **data: Any) -> None:
    """Append an event about the server's accounts, rather than a session, to the audit log."""
    if context.address:
        data["address"] = context.address
    row = {**_build_row(context, kind), "data": _encode(data).decode()}
    context.connection.execute(insert(server_events).values(row))
    principal = context.principal
    acting = {"by": principal.name} if principal.name else {}
    context.audited.append({"at": context.now, "kind": kind, **acting, **data})


def _build_row(context: Context, kind: str) -> dict[str, Any]:
    return {
        "at": context.now,
        "kind": kind,
        "user_id": context.principal.user_id or None,
        "real_user_id": context.principal.real_user_id,
    }


@cache
def _page(newest_first: bool) -> CompiledStatement:
    return CompiledStatement(
        select(events)
        .where(events.c.id.between(bindparam("first"), bindparam("last")))
        .order_by(events.c.id.desc() if newest_first else events.c.id)
        .limit(bindparam("rows", type_=Integer))
    )


def read(
    context: Context,
    session_id: int,
    *,
    after: int | None,
    limit: int,
    newest_first: bool = False,
) -> list[schemas.Event]:
    """Read events of a session, with the current state of the commands that they concern."""
    connection, span = context.connection, rows_in(session_id)
    if after is not None:
        span = rows_in(session_id, **{"before" if newest_first else "after": after})
    rows = _page(newest_first).rows(connection, first=span.first, last=span.last, rows=limit)
    data = {row.id: _decode(row.data) for row in rows}
    numbers = {
        data[row.id]["number"] for row in rows if row.kind.startswith(summaries.EVENTS_OF_COMMANDS)
    }
    commands = summaries.by_number(connection, session_id, numbers, context.services.damage)
    called = users.find_names(
        connection, [id_ for row in rows for id_ in (row.user_id, row.real_user_id)]
    )
    return [
        schemas.Event(
            number=row.number,
            at=row.at,
            kind=row.kind,
            user=called[row.user_id],
            real_user=None if row.real_user_id is None else called[row.real_user_id],
            data=data[row.id],
            command=commands.get(data[row.id].get("number"))
            if row.kind.startswith(summaries.EVENTS_OF_COMMANDS)
            else None,
            guest=normalize.is_guest(called[row.user_id]),
        )
        for row in rows
    ]


def find_revoker(context: Context, code: str, user: str) -> str | None:
    """Return who revoked a user's roles in a session, if that is among its newest events.

    Only someone who had a role learns anything of the session.
    """
    found = context.connection.execute(
        select(sessions.c.id, sessions.c.events).where(sessions.c.code == code)
    ).one_or_none()
    if found is None or not user:
        return None
    oldest = max(1, found.events - _SEARCHED + 1)
    rows = context.connection.execute(
        select(events.c.data, users_table.c.name)
        .join(users_table, users_table.c.id == events.c.user_id)
        .where(
            events.c.id.between(number_in(found.id, oldest), number_in(found.id, found.events)),
            events.c.kind == "member.revoked",
        )
        .order_by(events.c.id.desc())
    )
    for row in rows:
        if _decode(row.data).get("user") == user:
            name: str = row.name
            return name
    return None


@implements(api.LIST_EVENTS)
def list_events(context: Context, request: schemas.ListEvents) -> schemas.Page[schemas.Event]:
    """List a page of the session's log."""
    found = read(
        context,
        context.session.id,
        after=request.after,
        limit=request.limit + 1,
        newest_first=request.order == "newest",
    )
    page = found[: request.limit]
    more = len(found) > request.limit
    return schemas.Page(items=page, next=str(page[-1].number) if more else None)


@implements(api.FOLLOW_EVENTS)
def follow(context: Context, request: schemas.Follow) -> int:
    """Admit a follower to the live view, and return the number of the event to start after."""
    newest = context.session.events
    return newest if request.after is None else min(request.after, newest)


#: Events that change nobody's roles; after any other event, all followers are checked again. The
#: end of a login or of a membership in a group is not a session event, so these are checked every
#: time.
_HARMLESS = ("command.", "file.", "scratch.")

_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The new events, and the followers who may not see them, with the reason."""

    events: list[schemas.Event]
    refused: dict[Credentials, SessionsError] = field(default_factory=dict)


def advance(
    context: Context,
    session_id: int,
    after: int,
    callers: Collection[Credentials],
    admit: Callable[[Credentials], object],
    *,
    check: bool,
) -> Progress:
    """Read the events after a given one, and check the followers if roles may have changed.

    Parameters
    ----------
    admit
        Raises an error for a caller who may not follow.
    check
        Whether to check the followers in any case: time has passed, or something changed without an
        event.
    """
    new = read(context, session_id, after=after, limit=_MOST)
    harmless = new and all(event.kind.startswith(_HARMLESS) for event in new)
    if not check and harmless:
        followers = principals.alive(context.connection, callers, context.now)
        if followers is not None and permissions.all_read(
            context.connection, session_id, followers
        ):
            return Progress(events=new)
    refused = {}
    for caller in callers:
        try:
            admit(caller)
        except SessionsError as error:
            refused[caller] = error
    return Progress(events=new, refused=refused)
