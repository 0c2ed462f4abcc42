"""Write and read the audit log: who logged in, from where, and what was refused and why.

Successful operations are logged in their own transaction (`events.append_to_server`). Refused
operations are rolled back, so their entries are written afterwards, in a separate transaction. Both
also go to the logger ``jupyter_sessions.audit``, as the attribute ``audit`` of a log record, which
administrators can direct to a file.

Passwords, keys and codes are never logged. Names that belong to no account are not logged either,
since people type passwords into the wrong field.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, null, or_, select

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.api import Needs, Operation
from jupyter_sessions.core import pagination
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import principals
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.types import Credentials, Identified, KeyHolder, SystemUser
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.tables import keys, server_events
from jupyter_sessions.store.tables import users as users_table

log = logging.getLogger("jupyter_sessions.audit")
# Without a configured handler, Python would print refusals on the user's terminal.
log.addHandler(logging.NullHandler())

_LOGINS = {operation.name for operation in (api.LOG_IN, api.LOG_IN_WITH_TICKET, api.ENTER_AS_GUEST)}
_OF_ACCOUNTS = {
    operation.name
    for operation in (
        api.CONFIRM_LOGIN,
        api.CHANGE_PASSWORD,
        api.SET_UP_SECOND_FACTOR,
        api.CONFIRM_SECOND_FACTOR,
        api.REMOVE_SECOND_FACTOR,
        api.ISSUE_LOGIN,
    )
}
#: Refusals that can be so frequent that storing each would let anyone fill the database.
_CHEAP = (errors.TooManyTries, errors.ServerBusy)
_REFUSED = (
    errors.NotLoggedIn,
    errors.SecondFactorNeeded,
    errors.WrongCode,
    errors.ConfirmationNeeded,
    errors.ConfirmationFailed,
    errors.RoleMissing,
    errors.Forbidden,
    errors.SessionDisabled,
    errors.TooManyTries,
    errors.InvitationUnusable,
    errors.WeakPassword,
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def is_audited(operation: Operation[Any, Any]) -> bool:
    """Return whether refusals of an operation are stored in the database."""
    return (
        operation.name in _LOGINS | _OF_ACCOUNTS
        or operation.fresh
        or (operation.needs is Needs.SERVER_ADMIN and operation.writes)
    )


def is_refusal(operation: Operation[Any, Any], error: BaseException) -> bool:
    """Return whether an error is a refusal that belongs in the audit log."""
    if isinstance(error, _REFUSED):
        return True
    return isinstance(error, errors.SessionsError) and error.status < 500 and is_audited(operation)


def is_stored(operation: Operation[Any, Any], error: BaseException) -> bool:
    """Return whether a refusal is stored in the database."""
    return is_audited(operation) and not isinstance(error, _CHEAP)


def get_kind(operation: Operation[Any, Any]) -> str:
    """Return the kind of audit entry for refusals of an operation."""
    return "login.refused" if operation.name in _LOGINS else "operation.refused"


def write_line(entry: dict[str, Any], *, refused: bool = False) -> None:
    """Write an entry to the logger."""
    told = {name: value for name, value in entry.items() if name not in {"at", "kind"}}
    level = logging.WARNING if refused else logging.INFO
    log.log(level, "%s %s", entry["kind"], _encode(told).decode(), extra={"audit": entry})


def refusal(
    operation: Operation[Any, Any],
    error: errors.SessionsError,
    credentials: Credentials,
    address: str,
) -> dict[str, Any]:
    """Return what is known of a refusal without querying the database."""
    told = {"operation": operation.name, "why": error.code}
    if address:
        told["address"] = address
    match credentials:
        case KeyHolder(key=key):
            # Enough of the stored hash to distinguish keys.
            told["key"] = principals.digest(key)[:12]
        case Identified(name=name) | SystemUser(name=name):
            told["by"] = name
    return told


def store_refusal(
    connection: Connection,
    operation: Operation[Any, Any],
    entry: dict[str, Any],
    request: schemas.Request,
    *,
    now: datetime,
    secret: bytes,
) -> dict[str, Any]:
    """Store a refusal with the user concerned, and return the complete entry."""
    named = getattr(request, "user", None) or getattr(request, "name", None)
    entry = dict(entry)
    if isinstance(named, str) and operation.name != api.ENTER_AS_GUEST.name:
        row = users.find(connection, named)
        if row is not None:
            entry["user"] = row.name
        else:
            folded = fold_name(named).encode("utf-8", "surrogatepass")
            entry["unknown"] = hmac.new(secret, folded, hashlib.sha256).hexdigest()[:12]
    by = entry.pop("by", None)
    key = entry.pop("key", None)
    acting = _acting(connection, by, key)
    data = _encode(entry).decode()
    connection.execute(
        insert(server_events).values(
            at=now,
            kind=get_kind(operation),
            user_id=acting.user_id if acting else None,
            real_user_id=acting.real_user_id if acting else None,
            data=data,
        )
    )
    who = {"by": acting.name} if acting else {"by": by} if by else {}
    return {"at": now, "kind": get_kind(operation), **who, **entry}


def _acting(connection: Connection, name: str | None, key: str | None) -> Any:
    """Look up the account of the caller, if there is one."""
    if key is not None:
        found = (
            select(keys.c.user_id, keys.c.real_user_id, users_table.c.name)
            .join(users_table, users_table.c.id == keys.c.user_id)
            .where(keys.c.hash.startswith(key, autoescape=True))
        )
        return connection.execute(found.limit(1)).one_or_none()
    if name is None:
        return None
    found = select(
        users_table.c.id.label("user_id"), null().label("real_user_id"), users_table.c.name
    )
    return connection.execute(
        found.where(users_table.c.folded == fold_name(name), users_table.c.removed.is_(None))
    ).one_or_none()


@implements(api.LIST_AUDIT)
def list_audit(context: Context, request: schemas.ListAudit) -> schemas.Page[schemas.AuditEntry]:
    """List entries of the audit log, the newest first."""
    statement = select(server_events).order_by(server_events.c.id.desc())
    if request.after is not None:
        statement = statement.where(server_events.c.id < pagination.read(request.after, 1)[0])
    if request.user is not None:
        row = users.required(context.connection, request.user)
        concerns = f'"user":{_encode(row.name).decode()}'
        statement = statement.where(
            or_(
                server_events.c.user_id == row.id,
                server_events.c.real_user_id == row.id,
                server_events.c.data.contains(concerns, autoescape=True),
            )
        )
    rows = context.connection.execute(statement.limit(request.limit + 1)).all()
    page = rows[: request.limit]
    called = users.find_names(
        context.connection, [id_ for row in page for id_ in (row.user_id, row.real_user_id)]
    )
    return schemas.Page(
        items=[_entry(row, called) for row in page],
        next=pagination.write(page[-1].id) if len(rows) > request.limit else None,
    )


def _entry(row: Any, called: dict[int | None, str]) -> schemas.AuditEntry:
    data = _decode(row.data)
    return schemas.AuditEntry(
        number=row.id,
        at=row.at,
        kind=row.kind,
        user=called[row.user_id],
        real_user=None if row.real_user_id is None else called[row.real_user_id],
        address=data.pop("address", ""),
        data=data,
    )
