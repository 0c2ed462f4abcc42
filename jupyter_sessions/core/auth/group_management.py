"""Create, change and remove groups, and manage their users and owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import groups, keys
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Conflict, Forbidden, NotFound
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.tables import group_users, member_groups, sessions
from jupyter_sessions.store.tables import groups as groups_table
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table


def _roles(names: Sequence[str]) -> roles.Roles:
    """Parse the roles that a group gives; unlike in a grant, an empty list means no roles."""
    return roles.from_names(names) if names else roles.Roles.NONE


@implements(api.ADD_GROUP)
def add(context: Context, request: schemas.NewGroup) -> schemas.Group:
    """Create a group, with its owners in it."""
    name = normalize.user_name(request.name.removeprefix(groups.MARK), "group")
    existing = groups.find(context.connection, name)
    if existing is not None:
        raise Conflict(
            normalize.taken("group", existing.name, name),
            hint="Choose another name, or change that group.",
        )
    given = _roles(request.roles)
    context.connection.execute(
        insert(groups_table).values(
            name=name,
            folded=fold_name(name),
            description=normalize.prose(request.description, "description"),
            roles=int(given),
            created=context.now,
        )
    )
    context.open_group = groups.required(context.connection, name)
    owners = _people(context, request.owners) if request.owners else {}
    _put_in(context, owners, owner=True)
    events.append_to_server(
        context, "group.added", group=name, roles=given.names, owners=list(owners.values())
    )
    return groups.answer(context)


@implements(api.CHANGE_GROUP)
def change(context: Context, request: schemas.ChangeGroup) -> schemas.Group:
    """Change a group's description, and the roles that it gives in new sessions.

    In existing sessions the group keeps its roles: only the sessions' owners may change them, and
    nobody can give roles in a session that they do not hold there.
    """
    values: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if request.description is not msgspec.UNSET:
        values["description"] = told["description"] = normalize.prose(
            request.description, "description"
        )
    if request.roles is not msgspec.UNSET:
        given = _roles(request.roles)
        values["roles"], told["roles"] = int(given), given.names
    if values:
        context.connection.execute(
            update(groups_table).where(groups_table.c.id == context.group.id).values(values)
        )
        events.append_to_server(context, "group.changed", group=context.group.name, **told)
    return groups.answer(context)


@implements(api.REMOVE_GROUP)
def remove(context: Context, request: schemas.GroupNamed) -> schemas.Group:
    """Remove a group, all its roles, and the logins that reach only its sessions."""
    context.open_group = groups.required(context.connection, request.name)
    removed = groups.answer(context)
    group_id = context.group.id
    stop(context, None)
    granted = sessions.c.id.in_(
        select(member_groups.c.session_id).where(member_groups.c.group_id == group_id)
    )
    for row in context.connection.execute(
        permissions.loaded(sessions.c.owner_id).where(granted)
    ).all():
        session = permissions.opened(row)
        told = {"user": groups.MARK + context.group.name}
        events.append(context, "member.revoked", told, session=session)
        permissions.save(context.connection, session)
    for table in (member_groups, group_users):
        context.connection.execute(delete(table).where(table.c.group_id == group_id))
    for table in (sessions, keys_table):
        context.connection.execute(
            update(table).where(table.c.group_id == group_id).values(group_id=None)
        )
    context.connection.execute(delete(groups_table).where(groups_table.c.id == group_id))
    events.append_to_server(context, "group.removed", group=context.group.name)
    return removed


@implements(api.ADD_GROUP_USERS)
def add_users(context: Context, request: schemas.GroupUsers) -> schemas.Group:
    """Add users to a group: either all of them, or none."""
    _refuse_external(context)
    people = _people(context, request.users)
    inside = _inside(context, people)
    if inside:
        raise Conflict(
            f"In the group {context.group.name} already: "
            f"{_listed(people[id_] for id_ in inside)}. Nobody was added.",
            hint="Name only users who are not in it.",
        )
    _put_in(context, people, owner=False)
    events.append_to_server(
        context, "group.users_added", group=context.group.name, users=list(people.values())
    )
    return groups.answer(context)


@implements(api.REMOVE_GROUP_USERS)
def remove_users(context: Context, request: schemas.GroupUsers) -> schemas.Group:
    """Remove users from a group: all or none; their rights through the group end at once."""
    _refuse_external(context)
    people = _people(context, request.users)
    _all_inside(context, people)
    stop(context, list(people))
    context.connection.execute(
        delete(group_users).where(
            group_users.c.group_id == context.group.id, group_users.c.user_id.in_(people)
        )
    )
    events.append_to_server(
        context, "group.users_removed", group=context.group.name, users=list(people.values())
    )
    return groups.answer(context)


@implements(api.SET_GROUP_OWNERS)
def set_owners(context: Context, request: schemas.SetGroupOwners) -> schemas.Group:
    """Make users owners of their group, or end that, with the logins they created as owners."""
    people = _people(context, request.users)
    _all_inside(context, people)
    context.connection.execute(
        update(group_users)
        .where(group_users.c.group_id == context.group.id, group_users.c.user_id.in_(people))
        .values(owner=request.owner)
    )
    if not request.owner:
        _end_logins(context, _match_maker(list(people)))
    events.append_to_server(
        context,
        "group.owners_set",
        group=context.group.name,
        users=list(people.values()),
        owner=request.owner,
    )
    return groups.answer(context)


@implements(api.SET_DEFAULT_GROUP)
def set_default(context: Context, request: schemas.SetDefaultGroup) -> schemas.DefaultGroup:
    """Set the group that a user's new logins start in."""
    principal = context.principal
    user = users.required(context.connection, request.user or principal.name)
    if user.id != principal.user_id and not principal.administrator:
        raise Forbidden(
            "Only an administrator of this server can choose the default group of others.",
            hint="Leave the user out to choose your own.",
        )
    group_id = name = None
    if request.group is not None:
        group_id = groups.joined(context.connection, user, request.group)
        name = groups.required(context.connection, request.group).name
    context.connection.execute(
        update(users_table).where(users_table.c.id == user.id).values(default_group=group_id)
    )
    events.append_to_server(context, "group.default_set", group=name, user=user.name)
    return schemas.DefaultGroup(user=user.name, group=name)


# ---- users


def _people(context: Context, names: Sequence[str]) -> dict[int, str]:
    """Look up all named users, without duplicates."""
    found: dict[int, str] = {}
    for name in names:
        user = users.required(context.connection, name)
        if user.id in found:
            raise Conflict(f"{user.name} is named twice.", hint="Name each user once.")
        if normalize.is_guest(user.name):
            raise Conflict(
                f"{user.name} is a guest, and a guest has only one session.",
                hint="Create an account for them.",
            )
        found[user.id] = user.name
    return found


def _refuse_external(context: Context) -> None:
    if context.group.external:
        raise Conflict(
            f"This server's identity provider decides who is in the group {context.group.name}.",
            hint="Change it there, for example on the JupyterHub.",
        )


def _listed(people: Any) -> str:
    return ", ".join(sorted(people))


def _inside(context: Context, people: dict[int, str]) -> list[int]:
    return list(
        context.connection.execute(
            select(group_users.c.user_id).where(
                group_users.c.group_id == context.group.id, group_users.c.user_id.in_(people)
            )
        ).scalars()
    )


def _all_inside(context: Context, people: dict[int, str]) -> None:
    missing = people.keys() - set(_inside(context, people))
    if missing:
        raise NotFound(
            f"Not in the group {context.group.name}: "
            f"{_listed(people[id_] for id_ in missing)}. Nothing was changed.",
            hint=f"To see who is, run `groups members {context.group.name}`.",
        )


def _put_in(context: Context, people: dict[int, str], *, owner: bool) -> None:
    if people:
        context.connection.execute(
            insert(group_users),
            [
                {
                    "group_id": context.group.id,
                    "user_id": id_,
                    "owner": owner,
                    "since": context.now,
                }
                for id_ in people
            ],
        )


# ---- what ends with membership in a group


def stop(context: Context, user_ids: list[int] | None) -> None:
    """End everything that users, or with None all users, do through the context's group."""
    group_id = context.group.id
    reached = or_(
        sessions.c.group_id == group_id,
        sessions.c.id.in_(
            select(member_groups.c.session_id).where(member_groups.c.group_id == group_id)
        ),
    )
    # Changes by others in these sessions are done before this, or not at all.
    permissions.lock(context.connection, reached)
    theirs: list[ColumnElement[bool]] = []
    defaults = [users_table.c.default_group == group_id]
    ending = None
    if user_ids is not None:
        theirs.append(keys_table.c.user_id.in_(user_ids))
        defaults.append(users_table.c.id.in_(user_ids))
        ending = or_(keys_table.c.user_id.in_(user_ids), _match_maker(user_ids))
    _end_logins(context, ending)
    context.connection.execute(
        update(keys_table)
        .where(keys_table.c.group_id == group_id, ~keys_table.c.confined, *theirs)
        .values(group_id=None)
    )
    context.connection.execute(update(users_table).where(*defaults).values(default_group=None))
    context.transaction.changed.update(
        context.connection.execute(select(sessions.c.id).where(reached)).scalars()
    )


def _match_maker(user_ids: list[int]) -> ColumnElement[bool]:
    return or_(keys_table.c.real_user_id.in_(user_ids), keys_table.c.made_by_id.in_(user_ids))


def _end_logins(context: Context, condition: ColumnElement[bool] | None) -> None:
    """End logins that reach only the group's sessions: all, or those that match `condition`."""
    confined = keys_table.c.confined & (keys_table.c.group_id == context.group.id)
    ended = confined if condition is None else confined & condition
    keys.revoke(context.connection, ended, now=context.now)
    context.transaction.changed.update(
        context.connection.execute(
            select(sessions.c.id).where(sessions.c.group_id == context.group.id)
        ).scalars()
    )
