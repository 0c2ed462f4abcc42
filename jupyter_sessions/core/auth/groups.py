"""Look up and list groups of users, and check the caller's standing in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from jupyter_sessions import api, schemas
from jupyter_sessions.core import pagination
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.errors import Forbidden, NotFound
from jupyter_sessions.names import fold_name
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import group_users, groups, member_groups
from jupyter_sessions.store.tables import users as users_table

#: The prefix of a group's name wherever a user's name is possible; user names can't begin with it.
MARK = "@"


def find(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of the group called `name`, or None."""
    if "\0" in name:
        # No group can have such a name, and PostgreSQL does not even accept it in a query.
        return None
    return connection.execute(
        select(groups).where(groups.c.folded == fold_name(name.removeprefix(MARK)))
    ).one_or_none()


def required(connection: Connection, name: str) -> Row[Any]:
    """Return the row of the group called `name`, with or without the prefix.

    Raises
    ------
    NotFound
        If there is no such group.
    """
    row = find(connection, name)
    if row is None:
        raise unknown(name)
    return row


def unknown(name: str) -> NotFound:
    """Return the error for a group that does not exist or is not visible to the caller."""
    return NotFound(
        f"There is no group {name.removeprefix(MARK)!r} here.",
        hint="Check the name. To see the groups that you are in, run `groups list`.",
    )


def membership(connection: Connection, group_id: int, user_id: int) -> Row[Any] | None:
    """Return the row of a user's membership in a group, or None."""
    return connection.execute(
        select(group_users).where(
            group_users.c.group_id == group_id, group_users.c.user_id == user_id
        )
    ).one_or_none()


def seen(context: Context, name: str) -> tuple[Row[Any], bool]:
    """Return a group that is visible to the principal, and whether they own it.

    Raises
    ------
    NotFound
        If there is no such group or it is not visible; the two errors look the same. A group is
        visible to its users and to administrators of the server, but not to a login that is
        confined to another group.
    """
    row = find(context.connection, name)
    who = context.principal
    if row is None or (who.confined and row.id != who.group_id):
        raise unknown(name)
    place = membership(context.connection, row.id, who.user_id)
    if place is None and not who.administrator:
        raise unknown(name)
    return row, place is not None and place.owner


def admit(context: Context, name: str, *, owner: bool) -> None:
    """Open a group in the context for its users or, with `owner`, for its owners only.

    Administrators of the server may do all that a group's owners may.

    Raises
    ------
    NotFound
        If there is no such group, or it is not visible to the principal.
    Forbidden
        If the principal is in the group but does not own it.
    """
    row, owns = seen(context, name)
    if owner and not owns and not context.principal.administrator:
        raise Forbidden(
            f"Only an owner of the group {row.name} can do that.",
            hint=f"To see its owners, run `groups info {row.name}`.",
        )
    context.open_group = row


def joined(connection: Connection, user: Row[Any], name: str) -> int:
    """Return the number of a group that a user is in.

    Raises
    ------
    Forbidden
        If the user is in no group of that name; the error does not say whether it exists.
    """
    group = find(connection, name)
    if group is None or membership(connection, group.id, user.id) is None:
        raise Forbidden(
            f"{user.name} is not in the group {name.removeprefix(MARK)!r}.",
            hint="To see your groups, run `groups list`. An owner of the group or "
            "the server's administrator can add users.",
        )
    return int(group.id)


def join_session(context: Context, session_id: int, group_id: int) -> dict[str, Any]:
    """Make a group a member of a session that is created in it, with the group's roles.

    Returns
    -------
    dict
        What the session's first event says about it.
    """
    group = context.connection.execute(select(groups).where(groups.c.id == group_id)).one()
    if group.roles:
        context.connection.execute(
            insert(member_groups).values(
                session_id=session_id, group_id=group_id, roles=group.roles, since=context.now
            )
        )
    return {"group": group.name, "roles": Roles(group.roles).names}


_MINE = group_users.alias("mine")


def _select_visible(context: Context, *conditions: Any) -> Any:
    """Select groups with their counts and the principal's membership in each."""
    me = context.principal.user_id
    return (
        select(
            groups,
            select(func.count())
            .select_from(group_users)
            .where(group_users.c.group_id == groups.c.id)
            .scalar_subquery()
            .label("users"),
            _MINE.c.user_id.label("member"),
            (users_table.c.default_group == groups.c.id).label("is_default"),
        )
        .outerjoin(_MINE, (_MINE.c.group_id == groups.c.id) & (_MINE.c.user_id == me))
        .outerjoin(users_table, users_table.c.id == me)
        .where(*conditions)
    )


def _answers(context: Context, rows: Sequence[Row[Any]]) -> list[schemas.Group]:
    owners: dict[int, list[str]] = defaultdict(list)
    found = context.connection.execute(
        select(group_users.c.group_id, users_table.c.name)
        .join(users_table, users_table.c.id == group_users.c.user_id)
        .where(group_users.c.group_id.in_([row.id for row in rows]), group_users.c.owner)
        .order_by(users_table.c.folded)
    )
    for owned in found:
        owners[owned.group_id].append(owned.name)
    return [
        schemas.Group(
            name=row.name,
            description=row.description,
            roles=Roles(row.roles).names,  # type: ignore[arg-type]  # the names are the literals
            users=row.users,
            owners=owners[row.id],
            member=row.member is not None,
            default=bool(row.is_default),
            created=row.created,
            external=row.external,
        )
        for row in rows
    ]


def answer(context: Context) -> schemas.Group:
    """Return the context's group as it is now."""
    rows = context.connection.execute(
        _select_visible(context, groups.c.id == context.group.id)
    ).all()
    return _answers(context, rows)[0]


@implements(api.LIST_GROUPS)
def list_groups(context: Context, request: schemas.ListGroups) -> schemas.Page[schemas.Group]:
    """List groups by name."""
    statement = _select_visible(context, groups.c.folded > pagination.name(request.after or ""))
    if not context.principal.administrator:
        statement = statement.where(_MINE.c.user_id.is_not(None))
    rows = context.connection.execute(
        statement.order_by(groups.c.folded).limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    return schemas.Page(
        items=_answers(context, page),
        next=page[-1].folded if len(rows) > request.limit else None,
    )


@implements(api.GET_GROUP)
def get(context: Context, request: schemas.GroupNamed) -> schemas.Group:  # noqa: ARG001  # found
    """Show a group."""
    return answer(context)


@implements(api.LIST_GROUP_USERS)
def list_users(
    context: Context, request: schemas.ListGroupUsers
) -> schemas.Page[schemas.GroupUser]:
    """List the users in a group, by name."""
    rows = context.connection.execute(
        select(users_table, group_users.c.owner, group_users.c.since)
        .join(group_users, group_users.c.user_id == users_table.c.id)
        .where(
            group_users.c.group_id == context.group.id,
            users_table.c.folded > pagination.name(request.after or ""),
        )
        .order_by(users_table.c.folded)
        .limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    return schemas.Page(
        items=[
            schemas.GroupUser(
                user=row.name, display_name=row.display_name, owner=row.owner, since=row.since
            )
            for row in page
        ],
        next=page[-1].folded if len(rows) > request.limit else None,
    )
