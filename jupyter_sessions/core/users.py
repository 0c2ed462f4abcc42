"""Users: found by name, made at first need, and named in answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from shlex import quote
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from jupyter_sessions.core import names
from jupyter_sessions.errors import NotFound
from jupyter_sessions.store.tables import users


def find(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of the user who is called `name`, None where there is none."""
    if "\0" in name:
        # No name has it, and PostgreSQL can't even be asked.
        return None
    return connection.execute(
        select(users).where(users.c.folded == names.fold(name), users.c.removed.is_(None))
    ).one_or_none()


def required(connection: Connection, name: str) -> Row[Any]:
    """Return the row of the user who is called `name`.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = find(connection, name)
    if row is None:
        raise NotFound(
            f"There is no user {name!r} here.",
            hint="Check the name. An administrator of this store can add the account: "
            f"jupyter sessions account add {quote(name)}",
        )
    return row


def add(
    connection: Connection,
    name: str,
    *,
    now: datetime,
    display_name: str = "",
    password_hash: str | None = None,
    administrator: bool = False,
) -> int:
    """Add a user under an already checked name, and return their number."""
    return int(
        connection.execute(
            insert(users)
            .values(
                name=name,
                folded=names.fold(name),
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
    """Return the number of the user of commands of whom nobody can tell who ran them.

    It is a row without a name, removed from the start, so that nobody can be it.
    """
    found = connection.execute(
        select(users.c.id).where(users.c.folded == "", users.c.removed.is_not(None)).limit(1)
    ).scalar()
    if found is not None:
        return int(found)
    number = add(connection, "", now=now)
    connection.execute(update(users).where(users.c.id == number).values(removed=now))
    return number


def named(connection: Connection, ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return the names of users by number; None, for nobody, is the server itself."""
    wanted = {id_ for id_ in ids if id_ is not None}
    found: dict[int | None, str] = {None: ""}
    if wanted:
        rows = connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(wanted)))
        found |= {row.id: row.name for row in rows}
    return found
