"""Synchronize groups from an identity provider, such as JupyterHub, as users log in.

Such a group is marked as external: only the provider decides who is in it. The roles it gives in
sessions and its owners are managed here.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from jupyter_sessions.core import normalize
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import group_management, principals
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.sessions import events
from jupyter_sessions.core.types import Identified
from jupyter_sessions.errors import BadName
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.tables import group_users, groups


def differ(connection: Connection, credentials: Identified) -> bool:
    """Return whether the groups that the provider names differ from those stored."""
    user = users.find(connection, credentials.name)
    stored = set() if user is None else set(_read_groups(connection, user.id))
    return stored != set(_select_storable(connection, credentials))


def take_over(context: Context, credentials: Identified) -> None:
    """Make a user a member of exactly the external groups that the provider names."""
    connection = context.connection
    context.principal = principals.resolve(connection, credentials, now=context.now, writes=True)
    user_id = context.principal.user_id
    stored = _read_groups(connection, user_id)
    named = _select_storable(connection, credentials)
    for folded in stored.keys() - named.keys():
        context.open_group = stored[folded]
        group_management.stop(context, [user_id])
        connection.execute(
            delete(group_users).where(
                group_users.c.group_id == context.group.id, group_users.c.user_id == user_id
            )
        )
        _append_event(context, "group.users_removed")
    for folded in named.keys() - stored.keys():
        context.open_group = _find(connection, folded) or _add(context, folded, named[folded])
        connection.execute(
            insert(group_users).values(
                group_id=context.group.id, user_id=user_id, owner=False, since=context.now
            )
        )
        _append_event(context, "group.users_added")


def _append_event(context: Context, kind: str) -> None:
    told = {"group": context.group.name, "users": [context.principal.name]}
    events.append_to_server(context, kind, **told, by="identity provider")


def _read_groups(connection: Connection, user_id: int) -> dict[str, Any]:
    rows = connection.execute(
        select(groups)
        .join(group_users, group_users.c.group_id == groups.c.id)
        .where(group_users.c.user_id == user_id, groups.c.external)
    )
    return {row.folded: row for row in rows}


def _select_storable(connection: Connection, credentials: Identified) -> dict[str, str]:
    """Return the groups that can be stored: with a valid name that no local group has."""
    found = {}
    for name in credentials.groups or ():
        try:
            found[fold_name(name)] = normalize.user_name(name, "group")
        except BadName:
            continue
    local = select(groups.c.folded).where(groups.c.folded.in_(found), ~groups.c.external)
    for folded in connection.execute(local).scalars():
        del found[folded]
    return found


def _find(connection: Connection, folded: str) -> Any:
    return connection.execute(select(groups).where(groups.c.folded == folded)).one_or_none()


def _add(context: Context, folded: str, name: str) -> Any:
    # Private: sessions of its users are not shared until somebody gives the group roles.
    context.connection.execute(
        insert(groups).values(
            name=name, folded=folded, description="", roles=0, created=context.now, external=True
        )
    )
    return _find(context.connection, folded)
