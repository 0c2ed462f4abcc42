"""Groups: named sets of users, found by name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from jupyter_sessions.core import names
from jupyter_sessions.errors import Forbidden, NotFound
from jupyter_sessions.store.tables import group_users, groups

#: What stands before a group's name wherever a user's could stand; no user's name begins with it.
MARK = "@"


def find(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of the group that is called `name`, None where there is none."""
    if "\0" in name:
        # No name has it, and PostgreSQL can't even be asked.
        return None
    return connection.execute(
        select(groups).where(groups.c.folded == names.fold(name.removeprefix(MARK)))
    ).one_or_none()


def required(connection: Connection, name: str) -> Row[Any]:
    """Return the row of the group that is called `name`, with or without its mark.

    Raises
    ------
    NotFound
        When there is none.
    """
    row = find(connection, name)
    if row is None:
        raise NotFound(
            f"There is no group {name.removeprefix(MARK)!r} here.",
            hint="Check the name: `groups list` shows the groups that you are in.",
        )
    return row


def membership(connection: Connection, group_id: int, user_id: int) -> Row[Any] | None:
    """Return how a user is in a group, None where they are not."""
    return connection.execute(
        select(group_users).where(
            group_users.c.group_id == group_id, group_users.c.user_id == user_id
        )
    ).one_or_none()


def joined(connection: Connection, user: Row[Any], name: str) -> int:
    """Return the number of a group that a user is in.

    Raises
    ------
    NotFound
        When there is no such group.
    Forbidden
        When the user is not in it.
    """
    group = required(connection, name)
    if membership(connection, group.id, user.id) is None:
        raise Forbidden(
            f"{user.name} is not in the group {group.name}.",
            hint="An owner of the group can add users, and so can the server's administrator.",
        )
    return int(group.id)
