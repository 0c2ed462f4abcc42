"""Maintain a store: close expired sessions, purge removed ones, delete unused blobs and keys.

All of this depends on the wall clock and can't be undone, so a server checks `clock_watch` first.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import ColumnElement, delete, insert, or_, select, true, update

from jupyter_sessions import __version__, api, schemas
from jupyter_sessions.core import damage, integrity, permissions
from jupyter_sessions.core.context import Context, OpenSession
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events, guests
from jupyter_sessions.store import search
from jupyter_sessions.store.tables import (
    blobs,
    commands,
    files,
    keys,
    server_events,
    sessions,
    settings,
)
from jupyter_sessions.store.tables import events as event_log
from jupyter_sessions.store.types import rows_in

_GRACE = timedelta(days=1)
_BATCH = 1_000


@implements(api.CHECK_HEALTH)
def check_health(context: Context, request: schemas.Nothing) -> schemas.Health:  # noqa: ARG001  # no fields
    """Write to the database; reaching this function proves that it accepts writes."""
    seen = msgspec.json.encode(context.now).decode()
    changed = context.connection.execute(
        update(settings).where(settings.c.name == "health").values(value=seen)
    )
    if not changed.rowcount:
        context.connection.execute(insert(settings).values(name="health", value=seen))
    checked = integrity.last_outcome(context)
    return schemas.Health(
        ok=True,
        checked=checked.finished if checked else None,
        damaged=damage.count(context.connection),
        version=__version__,
        database=context.connection.dialect.name,
        writable=True,
    )


def close_expired(context: Context) -> int:
    """Close the sessions whose time has run out, and return their number."""
    limited = or_(sessions.c.idle_timeout.is_not(None), sessions.c.lifetime.is_not(None))
    ids = [session.id for session in _expired(context, limited)]
    if not ids:
        return 0
    # Members may be active in a session at this moment, so it is checked again under a lock.
    these = sessions.c.id.in_(ids)
    permissions.lock(context.connection, these)
    expired = _expired(context, these)
    for session in expired:
        session.change(closed=session.closes)
        events.append(context, "session.closed", {"why": "time-out"}, session=session)
        permissions.save(context.connection, session)
    return len(expired)


def drop_old_audit(context: Context) -> None:
    """Delete the entries of the audit log that are too old to keep."""
    oldest = context.now - context.services.limits.audit
    context.connection.execute(delete(server_events).where(server_events.c.at < oldest))


def _expired(context: Context, condition: ColumnElement[bool]) -> list[OpenSession]:
    rows = context.connection.execute(
        permissions.loaded(sessions.c.owner_id).where(sessions.c.closed.is_(None), condition)
    ).all()
    return [
        session
        for session in map(permissions.opened, rows)
        if session.closes is not None and session.closes <= context.now
    ]


def purge_removed(context: Context) -> int:
    """Delete the sessions that were removed too long ago to be restored; return their number."""
    limit = context.now - context.services.limits.restorable
    gone = list(
        context.connection.execute(
            select(sessions.c.id).where(sessions.c.removed <= limit).with_for_update()
        ).scalars()
    )
    for session_id in gone:
        span = rows_in(session_id)
        ids = context.connection.execute(select(commands.c.id).where(span.holds(commands.c.id)))
        for batch in ids.scalars().partitions(_BATCH):
            search.forget(context.transaction, list(batch))
        context.connection.execute(delete(event_log).where(span.holds(event_log.c.id)))
        context.connection.execute(delete(sessions).where(sessions.c.id == session_id))
    return len(gone)


def drop_old_keys(context: Context) -> None:
    """Delete keys that have been unusable for a long time."""
    limit = context.now - context.services.limits.restorable
    context.connection.execute(
        delete(keys).where(or_(keys.c.revoked <= limit, keys.c.expires <= limit))
    )


def end_guests(context: Context) -> int:
    """End the guests whose logins have all ended, and return their number."""
    return guests.end_unused(context, true())


def drop_unreferenced_blobs(context: Context) -> set[str]:
    """Delete the rows of blobs that nothing refers to; return the SHA-256 of the others."""
    naming = (commands.c.source_blob, commands.c.outputs_blob, files.c.sha256)
    context.connection.execute(
        delete(blobs).where(
            blobs.c.stored <= context.now - _GRACE,
            *(~select(1).where(column == blobs.c.sha256).exists() for column in naming),
        )
    )
    return set(context.connection.execute(select(blobs.c.sha256)).scalars())
