"""Create, list, check and withdraw invitations: keys that give access to a session."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, insert, literal, null, select

from jupyter_sessions import api, errors, roles, schemas
from jupyter_sessions.core import normalize, pagination, permissions
from jupyter_sessions.core.auth import keys
from jupyter_sessions.core.context import Context, OpenSession, Principal
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events, guests
from jupyter_sessions.errors import InvitationUnusable, NoSuchSession
from jupyter_sessions.names import GUEST_MARK
from jupyter_sessions.roles import Roles
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.tables import invitation_users, invitations, sessions, users
from jupyter_sessions.store.tables import keys as keys_table
from jupyter_sessions.store.tables import users as users_table
from jupyter_sessions.urls import JOIN_PAGE

_REAL = users.alias("real_users")


#: An invitation with its author's names, and how many have joined by it.
SELECT_INVITATIONS: Select[Any] = (
    select(
        keys_table.c.id,
        keys_table.c.label,
        keys_table.c.user_id,
        keys_table.c.created,
        keys_table.c.expires,
        keys_table.c.revoked,
        invitations.c.session_id,
        invitations.c.roles,
        invitations.c.uses,
        sessions.c.code,
        users.c.name.label("maker"),
        users.c.disabled,
        users.c.removed,
        _REAL.c.name.label("real_user"),
        select(func.count())
        .where(
            invitation_users.c.invitation_id == keys_table.c.id,
            invitation_users.c.joined.is_not(None),
        )
        .scalar_subquery()
        .label("used"),
    )
    .join(invitations, invitations.c.key_id == keys_table.c.id)
    .join(sessions, sessions.c.id == invitations.c.session_id)
    .join(users, users.c.id == keys_table.c.user_id)
    .outerjoin(_REAL, _REAL.c.id == keys_table.c.real_user_id)
)


def unusable() -> InvitationUnusable:
    """Return the error for all keys that can't be used, whatever the reason."""
    return InvitationUnusable(
        "This invitation can't be used: its key is wrong, or it was used up or "
        "withdrawn, or has expired.",
        hint="Ask the person who sent it for a new one.",
    )


def seen_by_maker(context: Context, row: Any, *, lock: bool) -> OpenSession | None:
    """Load an invitation's session as its author has it now; None if they have no role in it."""
    maker = Principal(user_id=row.user_id, name=row.maker)
    try:
        return permissions.load(context.connection, maker, row.code, now=context.now, lock=lock)
    except NoSuchSession:
        return None


def state(context: Context, row: Any, held: Roles) -> schemas.InvitationState:
    """Return the state of an invitation whose author has the roles `held` in its session."""
    if row.revoked is not None:
        return "revoked"
    if row.expires <= context.now:
        return "expired"
    if row.used >= row.uses:
        return "used_up"
    may = Roles.ADMIN in held and not row.disabled and row.removed is None
    return "active" if may and Roles(row.roles) in held else "void"


def usable(context: Context, hash_: str, *, lock: bool) -> tuple[Any, OpenSession]:
    """Return the usable invitation of a key, and its session as the invitation's author has it.

    With `lock`, nothing in the session changes until the transaction ends.

    Raises
    ------
    InvitationUnusable
        If it can't be used, for whatever reason.
    """
    statement = SELECT_INVITATIONS.where(
        keys_table.c.hash == hash_, keys_table.c.kind == "invitation"
    )
    row = context.connection.execute(statement).one_or_none()
    session = None if row is None else seen_by_maker(context, row, lock=lock)
    if session is None or session.state != "active":
        raise unusable()
    # Read again, since the row may have changed while this waited for the lock.
    row = context.connection.execute(statement).one()
    if state(context, row, session.roles) not in {"active", "used_up"}:
        raise unusable()
    return row, session


def bar(context: Context, user_ids: Collection[int]) -> None:
    """Keep revoked users from joining again by an invitation that they may still have."""
    new = upsert(context.connection, invitation_users)
    for user_id in user_ids:
        context.connection.execute(
            new.from_select(
                ["invitation_id", "user_id", "joined"],
                select(invitations.c.key_id, literal(user_id), null()).where(
                    invitations.c.session_id == context.session.id
                ),
            ).on_conflict_do_nothing()
        )


def _build_invitation(context: Context, row: Any, held: Roles) -> schemas.Invitation:
    return schemas.Invitation(
        id=row.id,
        name=row.label,
        roles=Roles(row.roles).names,  # type: ignore[arg-type]  # the names are the literals
        made_by=row.maker,
        real_user=row.real_user,
        created=row.created,
        expires=row.expires,
        uses=row.uses,
        used=row.used,
        state=state(context, row, held),
    )


@implements(api.INVITE)
def invite(context: Context, request: schemas.Invite) -> schemas.NewInvitation:
    """Create an invitation. It always expires; under sudo, it also ends with the login."""
    session, limits = context.session, context.services.limits
    given = roles.from_names(request.roles)
    beyond = given & ~session.roles
    if beyond:
        raise errors.Forbidden(
            f"An invitation can't give {', '.join(beyond.names)}, which you don't hold yourself.",
            hint=f"Ask {session.owner}, who owns the session, to do it.",
        )
    asked = limits.invitation
    if request.expires is not None:
        asked = timedelta(minutes=request.expires)
    ends = context.now + min(asked, limits.longest_invitation)
    principal = context.principal
    # A user who acts for another can't leave a way in behind.
    under = principal.key_id if principal.real_user_id is not None else None
    name = normalize.one_line(request.name, "name")
    number, key = keys.make(
        context.connection,
        "invitation",
        principal.user_id,
        now=context.now,
        expires=ends,
        label=name,
        real_user_id=principal.real_user_id,
        parent_id=under,
    )
    context.connection.execute(
        insert(invitations).values(
            key_id=number, session_id=session.id, roles=int(given), uses=request.uses
        )
    )
    told: dict[str, Any] = {"id": number, "roles": given.names, "uses": request.uses}
    told["expires"] = ends.isoformat()
    events.append(context, "invitation.created", told | ({"name": name} if name else {}))
    row = context.connection.execute(SELECT_INVITATIONS.where(keys_table.c.id == number)).one()
    return schemas.NewInvitation(
        key=key,
        page=context.server and context.server + JOIN_PAGE,
        invitation=_build_invitation(context, row, session.roles),
        clamped=request.expires is not None and ends < context.now + asked,
    )


@implements(api.LIST_INVITATIONS)
def list_invitations(
    context: Context, request: schemas.ListInvitations
) -> schemas.Page[schemas.Invitation]:
    """List the session's invitations, the newest first."""
    statement = SELECT_INVITATIONS.where(invitations.c.session_id == context.session.id)
    if request.after is not None:
        statement = statement.where(keys_table.c.id < pagination.read(request.after, 1)[0])
    rows = context.connection.execute(
        statement.order_by(keys_table.c.id.desc()).limit(request.limit + 1)
    ).all()
    page = rows[: request.limit]
    held: dict[int, Roles] = {}
    for row in page:
        if row.user_id not in held:
            session = seen_by_maker(context, row, lock=False)
            held[row.user_id] = session.roles if session is not None else Roles.NONE
    return schemas.Page(
        items=[_build_invitation(context, row, held[row.user_id]) for row in page],
        next=pagination.write(page[-1].id) if len(rows) > request.limit else None,
    )


@implements(api.UNINVITE)
def uninvite(context: Context, request: schemas.InvitationNamed) -> schemas.Invitation:
    """Withdraw an invitation: guests who joined by it leave, members with an account stay."""
    one = SELECT_INVITATIONS.where(
        invitations.c.session_id == context.session.id, keys_table.c.id == request.id
    )
    row = context.connection.execute(one).one_or_none()
    if row is None:
        raise errors.NotFound(
            f"This session has no invitation {request.id}.",
            hint="To list them, run `invitations`.",
        )
    if row.revoked is None:
        keys.revoke(context.connection, keys_table.c.id == row.id, now=context.now)
        events.append(context, "invitation.revoked", {"id": row.id})
        came = context.connection.execute(
            select(users_table.c.id)
            .join(invitation_users, invitation_users.c.user_id == users_table.c.id)
            .where(
                invitation_users.c.invitation_id == row.id,
                users_table.c.name.startswith(GUEST_MARK),
                users_table.c.removed.is_(None),
            )
        )
        guests.end(context, list(came.scalars()))
    # A withdrawn invitation stays so, whatever its author may do.
    return _build_invitation(context, context.connection.execute(one).one(), Roles.NONE)
