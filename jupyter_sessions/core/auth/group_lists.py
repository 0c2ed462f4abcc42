"""Groups as answers show them, and who is in one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from jupyter_sessions import api, schemas
from jupyter_sessions.core import pagination
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import group_users, groups
from jupyter_sessions.store.tables import users as users_table

_MINE = group_users.alias("mine")


def _shown(context: Context, *conditions: Any) -> Any:
    """Select groups with what is counted in them, and how the principal is in each."""
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
    """Show the context's group as it is now."""
    rows = context.connection.execute(_shown(context, groups.c.id == context.group.id)).all()
    return _answers(context, rows)[0]


@implements(api.LIST_GROUPS)
def list_groups(context: Context, request: schemas.ListGroups) -> schemas.Page[schemas.Group]:
    """List groups by name."""
    statement = _shown(context, groups.c.folded > pagination.name(request.after or ""))
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
    """List who is in a group, by name."""
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
