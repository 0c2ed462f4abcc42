"""Who is in a session: listing, granting and revoking, all of a request or nothing of it."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from jupyter_sessions import api, model, roles
from jupyter_sessions.core import events, users
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.registry import implements
from jupyter_sessions.errors import Conflict, Forbidden, NotFound
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.tables import members
from jupyter_sessions.store.tables import users as users_table

_GRANTERS = users_table.alias("granters")


def every(context: Context) -> list[model.Member]:
    """Return all members of the context's session, the owner first."""
    session = context.session
    rows = context.connection.execute(
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
        .where(members.c.session_id == session.id)
        .order_by(users_table.c.id != session.owner_id, users_table.c.folded)
    )
    return [
        model.Member(
            user=row.name,
            display_name=row.display_name,
            roles=Roles(row.roles).names,  # type: ignore[arg-type]  # the names are the literals
            owner=row.id == session.owner_id,
            since=row.since,
            granted_by=row.granter,
        )
        for row in rows
    ]


@implements(api.LIST_MEMBERS)
def list_members(context: Context, request: model.SessionNamed) -> model.Members:  # noqa: ARG001  # loaded
    """List the members."""
    return model.Members(members=every(context))


@implements(api.GRANT_ROLES)
def grant(context: Context, request: model.GrantRoles) -> model.Members:
    """Give users roles in place of those they hold."""
    wanted: dict[int, tuple[str, Roles]] = {}
    for item in request.grants:
        user = users.required(context.connection, item.user)
        granted = roles.from_names(item.roles)
        _check_grant(context, user.id, user.name, granted)
        if user.id in wanted:
            raise Conflict(
                f"{user.name} stands in this grant twice.", hint="Name each user once, with roles."
            )
        wanted[user.id] = (user.name, granted)
    session = context.session
    held = _held(context, list(wanted))
    for user_id, (_, granted) in wanted.items():
        values = {"roles": int(granted), "granted_by": context.principal.user_id}
        if user_id in held:
            context.connection.execute(
                update(members)
                .where(members.c.session_id == session.id, members.c.user_id == user_id)
                .values(values)
            )
        else:
            context.connection.execute(
                insert(members).values(
                    session_id=session.id, user_id=user_id, since=context.now, **values
                )
            )
            session.members += 1
    events.append(
        context,
        "member.granted",
        *({"user": name, "roles": granted.names} for name, granted in wanted.values()),
    )
    return model.Members(members=every(context))


def _check_grant(context: Context, user_id: int, name: str, granted: Roles) -> None:
    session = context.session
    if user_id == session.owner_id:
        raise Forbidden(
            f"{name} owns this session, and an owner's roles can't be changed.",
            hint="The owner can transfer the session to another user.",
        )
    beyond = granted & ~session.roles
    if beyond:
        raise Forbidden(
            f"You can't grant {', '.join(beyond.names)} to {name}, which you don't hold.",
            hint=f"Ask {session.owner}, who owns the session.",
        )


@implements(api.REVOKE_ROLES)
def revoke(context: Context, request: model.RevokeRoles) -> model.Members:
    """Take all roles from users."""
    session = context.session
    wanted: dict[int, str] = {}
    for name in request.users:
        user = users.required(context.connection, name)
        if user.id == session.owner_id:
            raise Forbidden(
                f"{user.name} owns this session, and an owner can't be revoked.",
                hint="The owner can transfer the session to another user.",
            )
        wanted[user.id] = user.name
    held = _held(context, list(wanted))
    for user_id, name in wanted.items():
        if user_id not in held:
            raise NotFound(
                f"{name} has no role in this session.", hint="See `members` for who has."
            )
    context.connection.execute(
        delete(members).where(members.c.session_id == session.id, members.c.user_id.in_(wanted))
    )
    session.members -= len(wanted)
    events.append(context, "member.revoked", *({"user": name} for name in wanted.values()))
    return model.Members(members=every(context))


def _held(context: Context, user_ids: list[int]) -> set[int]:
    return set(
        context.connection.execute(
            select(members.c.user_id).where(
                members.c.session_id == context.session.id, members.c.user_id.in_(user_ids)
            )
        ).scalars()
    )


def tell_sessions_of(context: Context, user_id: int) -> None:
    """Have the live views of a user's sessions look again who may follow."""
    context.transaction.changed.update(
        context.connection.execute(
            select(members.c.session_id).where(members.c.user_id == user_id)
        ).scalars()
    )
