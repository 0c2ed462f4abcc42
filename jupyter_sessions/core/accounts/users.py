"""Look up users by name, create them when first needed, and name them in answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from shlex import quote
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from jupyter_sessions.core import normalize
from jupyter_sessions.errors import BadName, NotFound
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import users
from jupyter_sessions.store.types import is_in

_BY_NAME = CompiledStatement(
    select(users).where(users.c.folded == bindparam("folded"), users.c.removed.is_(None))
)
_NAMES = CompiledStatement(select(users.c.id, users.c.name).where(is_in(users.c.id, "ids")))


def find(connection: Connection, name: str) -> Any | None:
    """Return the row of the user called `name`, or None."""
    if "\0" in name:
        # No user can have such a name, and PostgreSQL does not even accept it in a query.
        return None
    return next(iter(_BY_NAME.rows(connection, folded=fold_name(name))), None)


def required(connection: Connection, name: str) -> Any:
    """Return the row of the user called `name`.

    Raises
    ------
    NotFound
        If there is no such user.
    """
    row = find(connection, name)
    if row is None:
        raise NotFound(
            f"There is no user {name!r} here.",
            hint=_how_to_add(name),
        )
    return row


def _how_to_add(name: str) -> str:
    try:
        possible = normalize.user_name(name)
    except BadName:
        return "Check the name: it is not a valid user name."
    return (
        "Check the name. An administrator of this store can add the account: "
        f"jupyter sessions account add {quote(possible)}"
    )


def add(
    connection: Connection,
    name: str,
    *,
    now: datetime,
    display_name: str = "",
    password_hash: str | None = None,
    administrator: bool = False,
) -> int:
    """Add a user under a name that was checked already, and return their number."""
    return int(
        connection.execute(
            insert(users)
            .values(
                name=name,
                folded=fold_name(name),
                display_name=display_name,
                password_hash=password_hash,
                administrator=administrator,
                disabled=False,
                created=now,
            )
            .returning(users.c.id)
        ).scalar_one()
    )


def unknown(connection: Connection, now: datetime) -> int:
    """Return the number of the user to whom commands are attributed if their user is unknown.

    It is a row without a name and removed from the start, so that nobody can log in as it.
    """
    found = connection.execute(
        select(users.c.id).where(users.c.folded == "", users.c.removed.is_not(None)).limit(1)
    ).scalar()
    if found is not None:
        return int(found)
    number = add(connection, "", now=now)
    connection.execute(update(users).where(users.c.id == number).values(removed=now))
    return number


def find_names(connection: Connection, ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of users by number; None stands for the server itself."""
    wanted = {id_ for id_ in ids if id_ is not None}
    found: dict[int | None, str] = {None: ""}
    if wanted:
        found |= {row.id: row.name for row in _NAMES.rows(connection, ids=wanted)}
    return found
