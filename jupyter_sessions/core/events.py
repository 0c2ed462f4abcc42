"""The append-only log of each session: it feeds the live view, and it is the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from jupyter_sessions import api, model
from jupyter_sessions.core import summaries, users
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.registry import implements
from jupyter_sessions.store.tables import events


def append(
    context: Context, kind: str, *data: dict[str, Any], session: OpenSession | None = None
) -> None:
    """Append one event for each of `data`, in this transaction.

    Parameters
    ----------
    kind
        ``noun.verb``.
    data
        What else is to be known of each; never a secret, never content.
    session
        Another session than the context's; to be saved by the caller.
    """
    session = session or context.session
    first = session.events + 1
    session.change(events=session.events + len(data))
    context.transaction.changed.add(session.id)
    _insert(context, kind, data, session.id, first)


def append_to_server(context: Context, kind: str, **data: Any) -> None:
    """Append an event that concerns the server's accounts and no session."""
    _insert(context, kind, [data], None, 0)


def _insert(
    context: Context, kind: str, data: Sequence[dict[str, Any]], session_id: int | None, first: int
) -> None:
    context.connection.execute(
        insert(events),
        [
            {
                "session_id": session_id,
                "number": first + index,
                "at": context.now,
                "kind": kind,
                "user_id": context.principal.user_id or None,
                "real_user_id": context.principal.real_user_id,
                "data": msgspec.json.encode(item).decode(),
            }
            for index, item in enumerate(data)
        ],
    )


def read(
    connection: Connection,
    session_id: int,
    *,
    after: int | None,
    limit: int,
    newest_first: bool = False,
) -> list[model.Event]:
    """Read events of a session, each with its command as it is now, where it concerns one."""
    statement = select(events).where(events.c.session_id == session_id).limit(limit)
    if newest_first:
        statement = statement.order_by(events.c.number.desc())
    else:
        statement = statement.order_by(events.c.number)
    if after is not None:
        statement = statement.where(
            events.c.number < after if newest_first else events.c.number > after
        )
    rows = connection.execute(statement).all()
    data = {row.id: msgspec.json.decode(row.data) for row in rows}
    numbers = {
        data[row.id]["number"] for row in rows if row.kind.startswith(summaries.EVENTS_OF_COMMANDS)
    }
    commands = summaries.by_number(connection, session_id, numbers)
    names = users.named(
        connection, [id_ for row in rows for id_ in (row.user_id, row.real_user_id)]
    )
    return [
        model.Event(
            number=row.number,
            at=row.at,
            kind=row.kind,
            user=names[row.user_id],
            real_user=None if row.real_user_id is None else names[row.real_user_id],
            data=data[row.id],
            command=commands.get(data[row.id].get("number"))
            if row.kind.startswith(summaries.EVENTS_OF_COMMANDS)
            else None,
        )
        for row in rows
    ]


@implements(api.LIST_EVENTS)
def list_events(context: Context, request: model.ListEvents) -> model.Page[model.Event]:
    """List a page of the session's log."""
    found = read(
        context.connection,
        context.session.id,
        after=request.after,
        limit=request.limit + 1,
        newest_first=request.order == "newest",
    )
    page = found[: request.limit]
    more = len(found) > request.limit
    return model.Page(items=page, next=str(page[-1].number) if more else None)


@implements(api.FOLLOW_EVENTS)
def follow(context: Context, request: model.Follow) -> int:
    """Let a follower in: the gate of the live view. Returns the number to start after."""
    newest = context.session.events
    return newest if request.after is None else min(request.after, newest)
