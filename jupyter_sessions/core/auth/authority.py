"""Who may act as whom: the server's administrators, and the owners of a group within it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from jupyter_sessions.core import normalize
from jupyter_sessions.core.auth import groups
from jupyter_sessions.errors import Forbidden
from jupyter_sessions.store.tables import group_users
from jupyter_sessions.store.tables import groups as groups_table

_THEIRS = group_users.alias("theirs")


@dataclass(frozen=True)
class Reach:
    """A login's current group, and whether it reaches the sessions of this group alone."""

    group_id: int | None
    confined: bool


def own_reach(connection: Connection, user: Row[Any], group: str | None) -> Reach:
    """Return the reach of a user's own login in a group of theirs; by default, the default one.

    Raises
    ------
    NotFound, Forbidden
        When there is no such group, or the user is not in it.
    """
    if group is None:
        return Reach(user.default_group, confined=False)
    return Reach(groups.joined(connection, user, group), confined=False)


def reach_as(
    connection: Connection,
    acting: Row[Any],
    user: Row[Any],
    group: str | None,
    *,
    administrator: bool,
) -> Reach:
    """Return the reach of a login that `acting` makes for another user.

    Parameters
    ----------
    group
        The group's name; without one, the user's default group, or the one group that `acting`
        owns and the user is in.
    administrator
        Whether `acting` administers the server.

    Raises
    ------
    Forbidden
        When they may not act as that user, or not in that group.
    NotFound
        When there is no such group.
    """
    if user.administrator or user.disabled:
        why = "administers this server" if user.administrator else "has a disabled account"
        raise Forbidden(
            f"{user.name} {why}, and nobody else acts as them.", hint="Choose another user."
        )
    if administrator:
        return own_reach(connection, user, group)
    owned = connection.execute(
        select(groups_table.c.id, groups_table.c.name, groups_table.c.folded)
        .join(group_users, group_users.c.group_id == groups_table.c.id)
        .join(_THEIRS, _THEIRS.c.group_id == groups_table.c.id)
        .where(
            group_users.c.user_id == acting.id, group_users.c.owner, _THEIRS.c.user_id == user.id
        )
        .order_by(groups_table.c.folded)
    ).all()
    if group is not None:
        named = normalize.fold(group.removeprefix(groups.MARK))
        owned = [row for row in owned if row.folded == named]
    if not owned:
        within = f" in the group {group.removeprefix(groups.MARK)}" if group else ""
        raise Forbidden(
            f"{acting.name} may not act as {user.name}{within}.",
            hint="The server's administrators may, and the owners of a group that the user is in.",
        )
    if len(owned) > 1:
        raise Forbidden(
            f"{user.name} is in several groups that {acting.name} owns: "
            f"{', '.join(row.name for row in owned)}.",
            hint="Name the group: the login will reach its sessions alone.",
        )
    return Reach(owned[0].id, confined=True)
