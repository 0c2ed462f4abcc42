"""Store, show, list and delete scratch values: small JSON values by name, for scripts."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import case, delete, func, select

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import BadRequest, NotFound, TooLarge
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import scratch, users

#: The minimum size in bytes that a value counts towards a session's limit, which also limits the
#: number of names.
_LEAST = 1024

_ENTRY = select(
    scratch.c.folded,
    scratch.c.name,
    scratch.c.size,
    scratch.c.changed,
    users.c.name.label("user"),
).join(users, users.c.id == scratch.c.user_id)

_encode = msgspec.json.Encoder().encode


def _describe_row(row: Any) -> dict[str, Any]:
    return {"name": row.name, "size": row.size, "user": row.user, "changed": row.changed}


@implements(api.SET_SCRATCH)
def set_(context: Context, request: schemas.SetScratch) -> schemas.ScratchEntry:
    """Store a value, replacing the value under the same name."""
    name = normalize.normalize_value_name(request.name)
    try:
        value = _encode(request.value)
    except RecursionError:
        raise BadRequest(
            "The value is nested too deeply.", hint="Use fewer levels of nesting."
        ) from None
    _check_size(context, name, len(value))
    held = {
        "name": name,
        "value": value.decode(),
        "size": len(value),
        "user_id": context.principal.user_id,
        "changed": context.now,
    }
    key = {"session_id": context.session.id, "folded": fold_name(name)}
    statement = upsert(context.connection, scratch).values(**key, **held)
    context.connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=held))
    events.append(context, "scratch.set", {"name": name, "size": len(value)})
    user = context.principal.name
    return schemas.ScratchEntry(name=name, size=len(value), user=user, changed=context.now)


def _check_size(context: Context, name: str, size: int) -> None:
    limits = context.services.limits
    if size > limits.scratch_value:
        raise TooLarge(
            f"The value has {size:,} bytes as JSON; a scratch value can have at most "
            f"{limits.scratch_value:,}.",
            hint="Publish it as a file, and store the file's path here.",
        )
    counted = case((scratch.c.size < _LEAST, _LEAST), else_=scratch.c.size)
    others = context.connection.execute(
        select(func.coalesce(func.sum(counted), 0)).where(
            scratch.c.session_id == context.session.id, scratch.c.folded != fold_name(name)
        )
    ).scalar_one()
    if others + max(size, _LEAST) > limits.scratch:
        raise TooLarge(
            f"With this value the session's scratch space would be larger than {limits.scratch:,} "
            f"bytes (a value counts {_LEAST:,} at least).",
            hint="Delete values that you don't need, or publish files instead.",
        )


@implements(api.GET_SCRATCH)
def get(context: Context, request: schemas.ScratchNamed) -> schemas.ScratchValue:
    """Show a value."""
    row = context.connection.execute(
        _ENTRY.add_columns(scratch.c.value).where(
            scratch.c.session_id == context.session.id,
            scratch.c.folded == fold_name(normalize.normalize_value_name(request.name)),
        )
    ).one_or_none()
    if row is None:
        raise _missing(request.name)
    return schemas.ScratchValue(**_describe_row(row), value=msgspec.json.decode(row.value))


@implements(api.LIST_SCRATCH)
def list_scratch(
    context: Context, request: schemas.ListScratch
) -> schemas.Page[schemas.ScratchEntry]:
    """List the values by name."""
    rows = context.connection.execute(
        _ENTRY.where(
            scratch.c.session_id == context.session.id,
            scratch.c.folded > pagination.name(request.after or ""),
        )
        .order_by(scratch.c.folded)
        .limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    return schemas.Page(
        items=[schemas.ScratchEntry(**_describe_row(row)) for row in page],
        next=page[-1].folded if len(rows) > request.limit else None,
    )


@implements(api.DELETE_SCRATCH)
def delete_(context: Context, request: schemas.ScratchNamed) -> schemas.ScratchEntry:
    """Delete a value."""
    key = (
        scratch.c.session_id == context.session.id,
        scratch.c.folded == fold_name(normalize.normalize_value_name(request.name)),
    )
    row = context.connection.execute(_ENTRY.where(*key)).one_or_none()
    if row is None:
        raise _missing(request.name)
    context.connection.execute(delete(scratch).where(*key))
    events.append(context, "scratch.deleted", {"name": row.name})
    return schemas.ScratchEntry(**_describe_row(row))


def _missing(name: str) -> NotFound:
    return NotFound(
        f"The session has no scratch value {name!r}.", hint="To list them, run `scratch list`."
    )
