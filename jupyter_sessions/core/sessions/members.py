"""List the members of a session, and grant and revoke roles, each request as a whole or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from jupyter_sessions import api, roles, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.auth import groups
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events, guests, invitations
from jupyter_sessions.errors import Conflict, Forbidden, NotFound
from jupyter_sessions.formatting import format_roles
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import group_users, member_groups, members, presence
from jupyter_sessions.store.tables import groups as groups_table
from jupyter_sessions.store.tables import users as users_table
from jupyter_sessions.store.types import Number

_GRANTERS = users_table.alias("granters")


@dataclass(frozen=True)
class _Grantee:
    """A user or group named in a grant or revoke; `name` is as in answers."""

    id: int
    name: str
    group: bool

    @property
    def table(self) -> Any:
        """The table that has their memberships."""
        return member_groups if self.group else members

    @property
    def column(self) -> Any:
        """The table's column that refers to them."""
        return member_groups.c.group_id if self.group else members.c.user_id


def read_members(context: Context) -> list[schemas.Member]:
    """Return all members of the context's session: the owner, then groups, then users."""
    people = _users(context)
    return [*people[:1], *_groups(context), *people[1:]]


_USERS = CompiledStatement(
    select(
        users_table.c.id,
        users_table.c.name,
        users_table.c.display_name,
        members.c.roles,
        members.c.since,
        _GRANTERS.c.name.label("granter"),
    )
    .join(users_table, users_table.c.id == members.c.user_id)
    .outerjoin(_GRANTERS, _GRANTERS.c.id == members.c.granted_by)
    .where(members.c.session_id == bindparam("session_id", type_=Number))
    .order_by(users_table.c.id != bindparam("owner_id", type_=Number), users_table.c.folded)
)


def _users(context: Context) -> list[schemas.Member]:
    session = context.session
    rows = _USERS.rows(context.connection, session_id=session.id, owner_id=session.owner_id)
    return [
        schemas.Member(
            user=row.name,
            group=False,
            display_name=row.display_name,
            roles=Roles(row.roles).names,  # type: ignore[arg-type]  # the names are the literals
            owner=row.id == session.owner_id,
            since=row.since,
            granted_by=row.granter,
            guest=normalize.is_guest(row.name),
        )
        for row in rows
    ]


_GROUPS = CompiledStatement(
    select(
        groups_table.c.name,
        member_groups.c.roles,
        member_groups.c.since,
        _GRANTERS.c.name.label("granter"),
    )
    .join(groups_table, groups_table.c.id == member_groups.c.group_id)
    .outerjoin(_GRANTERS, _GRANTERS.c.id == member_groups.c.granted_by)
    .where(member_groups.c.session_id == bindparam("session_id", type_=Number))
    .order_by(groups_table.c.folded)
)


def _groups(context: Context) -> list[schemas.Member]:
    return [
        schemas.Member(
            user=groups.MARK + row.name,
            group=True,
            display_name="",
            roles=Roles(row.roles).names,  # type: ignore[arg-type]  # the names are the literals
            owner=False,
            since=row.since,
            granted_by=row.granter,
        )
        for row in _GROUPS.rows(context.connection, session_id=context.session.id)
    ]


@implements(api.LIST_MEMBERS)
def list_members(context: Context, request: schemas.SessionNamed) -> schemas.Members:  # noqa: ARG001  # loaded
    """List the members."""
    return schemas.Members(members=read_members(context))


@implements(api.GRANT_ROLES)
def grant(context: Context, request: schemas.GrantRoles) -> schemas.Members:
    """Grant roles to users and groups, replacing those they hold."""
    wanted: dict[_Grantee, Roles] = {}
    for item in request.grants:
        named = _find(context, item.user, revoking=False)
        granted = roles.from_names(item.roles)
        _check_grant(context, named, granted)
        if named in wanted:
            raise Conflict(
                f"{named.name} is named twice.",
                hint="Name each user or group once, with roles.",
            )
        wanted[named] = granted
    session = context.session
    held = _held(context, wanted)
    for named, granted in wanted.items():
        if normalize.is_guest(named.name):
            guests.check_grant(named.name, granted, here=named in held)
    for named, granted in wanted.items():
        values: dict[str, Any] = {
            "roles": int(granted),
            "granted_by": context.principal.user_id,
        }
        if named in held:
            place_held = named.table.c.session_id == session.id, named.column == named.id
            before = context.connection.execute(select(named.table.c.roles).where(*place_held))
            if Roles.READ in granted and Roles.READ not in Roles(before.scalar_one()):
                # A new membership: what they were shown before they lost the old one stays hidden.
                values["since"] = context.now
            context.connection.execute(update(named.table).where(*place_held).values(values))
        else:
            place = {"session_id": session.id, named.column.name: named.id, "since": context.now}
            context.connection.execute(insert(named.table).values(place | values))
            session.members += 1
    events.append(
        context,
        "member.granted",
        *({"user": named.name, "roles": granted.names} for named, granted in wanted.items()),
    )
    return schemas.Members(
        members=read_members(context), through_groups=_through_groups(context, wanted)
    )


def _find(context: Context, name: str, *, revoking: bool) -> _Grantee:
    """Look up the user or group that a grant or revoke names.

    Raises
    ------
    NotFound
        If there is none of that name, or it is a group that is neither in the session nor visible
        to the principal.
    """
    if not name.startswith(groups.MARK):
        user = users.required(context.connection, name)
        return _Grantee(user.id, user.name, group=False)
    row = groups.find(context.connection, name)
    found = None if row is None else _Grantee(row.id, groups.MARK + row.name, group=True)
    if found is not None and _held(context, [found]):
        return found
    if revoking:
        raise NotFound(
            f"The group {name} has no role in this session.", hint="To see who has, run `members`."
        )
    row, _ = groups.seen(context, name)
    return _Grantee(row.id, groups.MARK + row.name, group=True)


def _check_grant(context: Context, grantee: _Grantee, granted: Roles) -> None:
    session = context.session
    if not grantee.group and grantee.id == session.owner_id:
        raise Forbidden(
            f"{grantee.name} owns this session, so their roles can't be changed.",
            hint="The owner can transfer the session to another user.",
        )
    beyond = granted & ~session.roles
    if beyond:
        raise Forbidden(
            f"You can't grant {format_roles(beyond.names)} to {grantee.name}: you can only "
            "grant roles that you hold.",
            hint=f"Ask {session.owner}, who owns the session, to do it.",
        )


@implements(api.REVOKE_ROLES)
def revoke(context: Context, request: schemas.RevokeRoles) -> schemas.Members:
    """Revoke all granted roles of users and groups."""
    session = context.session
    wanted: dict[_Grantee, None] = {}
    for name in request.users:
        named = _find(context, name, revoking=True)
        if not named.group and named.id == session.owner_id:
            raise Forbidden(
                f"{named.name} owns this session, so their roles can't be revoked.",
                hint="The owner can transfer the session to another user.",
            )
        wanted[named] = None
    held = _held(context, wanted)
    for named in wanted:
        if named not in held:
            raise _nothing_to_revoke(context, named)
    for named in wanted:
        context.connection.execute(
            delete(named.table).where(
                named.table.c.session_id == session.id, named.column == named.id
            )
        )
    session.members -= len(wanted)
    people = {named.id: named.name for named in wanted if not named.group}
    context.connection.execute(
        delete(presence).where(presence.c.session_id == session.id, presence.c.user_id.in_(people))
    )
    invitations.bar(context, people)
    events.append(context, "member.revoked", *({"user": named.name} for named in wanted))
    guests.retire(context, [id_ for id_, name in people.items() if normalize.is_guest(name)])
    return schemas.Members(
        members=read_members(context), through_groups=_through_groups(context, wanted)
    )


def _nothing_to_revoke(context: Context, grantee: _Grantee) -> NotFound | Conflict:
    for kept in _through_groups(context, [grantee]):
        through = ", ".join(kept.groups)
        return Conflict(
            f"{grantee.name} has {format_roles(kept.roles)} only through {through}, so "
            "there is nothing to revoke.",
            hint=f"Revoke {through}, or ask an owner of the group to remove {grantee.name} "
            "from it.",
        )
    return NotFound(
        f"{grantee.name} has no role in this session.", hint="To see who has, run `members`."
    )


def _held(context: Context, wanted: Iterable[_Grantee]) -> set[_Grantee]:
    """Return those of `wanted` who are members of the session themselves."""
    found = set()
    for table, column, group in (
        (members, members.c.user_id, False),
        (member_groups, member_groups.c.group_id, True),
    ):
        these = {named.id: named for named in wanted if named.group is group}
        if these:
            ids = context.connection.execute(
                select(column).where(table.c.session_id == context.session.id, column.in_(these))
            ).scalars()
            found |= {these[id_] for id_ in ids}
    return found


def _through_groups(context: Context, wanted: Iterable[_Grantee]) -> list[schemas.ThroughGroups]:
    """Return the roles that users hold in the session through groups, apart from any grants."""
    people = {named.id: named.name for named in wanted if not named.group}
    given: dict[int, Roles] = defaultdict(lambda: Roles.NONE)
    through: dict[int, list[str]] = defaultdict(list)
    rows = context.connection.execute(
        select(group_users.c.user_id, groups_table.c.name, member_groups.c.roles)
        .join(member_groups, member_groups.c.group_id == group_users.c.group_id)
        .join(groups_table, groups_table.c.id == group_users.c.group_id)
        .where(member_groups.c.session_id == context.session.id, group_users.c.user_id.in_(people))
        .order_by(groups_table.c.folded)
    )
    for row in rows:
        given[row.user_id] |= Roles(row.roles)
        through[row.user_id].append(groups.MARK + row.name)
    return [
        schemas.ThroughGroups(
            user=name,
            roles=given[id_].names,  # type: ignore[arg-type]  # the names are the literals
            groups=through[id_],
        )
        for id_, name in people.items()
        if id_ in through
    ]


def notify_sessions_of(context: Context, user_id: int) -> None:
    """Have the live views of a user's sessions check again who may follow."""
    context.transaction.changed.update(
        context.connection.execute(permissions.select_sessions_of(user_id)).scalars()
    )
